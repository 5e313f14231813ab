import type { ReactNode } from 'react'
import { Icon, type IconName } from './Icon.tsx'

/** What stands where rows would be: nothing there, not here yet, or an error, with what to do about it. */
export function Notice(props: { icon: IconName; title: string; children?: ReactNode; busy?: boolean }) {
  return (
    <div className="notice" role="status" aria-busy={props.busy ?? false}>
      <span className={props.busy ? 'notice-icon busy' : 'notice-icon'}>
        <Icon name={props.icon} size={26} />
      </span>
      <h2>{props.title}</h2>
      {props.children !== undefined && <div className="notice-text">{props.children}</div>}
    </div>
  )
}
