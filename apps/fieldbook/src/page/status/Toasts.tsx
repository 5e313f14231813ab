import { Icon } from '../ui/Icon.tsx'
import { dismiss, useToasts } from './toasts.ts'

export function Toasts() {
  const toasts = useToasts()
  return (
    <div className="toasts" role="region" aria-label="Messages" aria-live="polite">
      {toasts.map(({ id, tone, title, text }) => (
        <div key={id} className="toast" data-tone={tone}>
          {tone === 'problem' && <Icon name="warning" />}
          <div>
            <strong>{title}</strong>
            {text !== '' && <p>{text}</p>}
          </div>
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  )
}
