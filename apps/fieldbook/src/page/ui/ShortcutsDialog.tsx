import type { RefObject } from 'react'
import { SHORTCUTS } from '../notebook/useKeys.ts'

export function ShortcutsDialog({ dialogRef }: { dialogRef: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialogRef} className="dialog" aria-label="Keyboard shortcuts">
      <h2>Keyboard</h2>
      <dl className="shortcuts">
        {SHORTCUTS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog" className="dialog-actions">
        <button className="button">Close</button>
      </form>
    </dialog>
  )
}
