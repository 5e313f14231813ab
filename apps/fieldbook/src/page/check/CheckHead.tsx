import { useLandfall } from '@landfall/react'
import { useRef } from 'react'
import { deleteCheck } from '../data/actions.ts'
import type { Check } from '../data/check.ts'
import { go } from '../route.ts'
import { problem } from '../status/toasts.ts'
import { Icon } from '../ui/Icon.tsx'

/** Number, project and whether this check has been sent; close and delete. */
export function CheckHead({ check }: { check: Check }) {
  return (
    <header className="check-head">
      <button type="button" className="icon-button back-button" aria-label="Back to the list" onClick={close}>
        <Icon name="back" />
      </button>
      <span className="code">{check.project_code}</span>
      <span className="check-number" title="Postgres hands out the number with the first sync">
        {check.number === null ? 'No number yet' : `No. ${check.number}`}
      </span>
      <span className="saved" data-unsent={check.unsent ? '' : undefined} role="status">
        {check.unsent ? 'Saved on this device, not sent yet' : 'In step'}
      </span>
      <DeleteButton check={check} />
      <button type="button" className="icon-button close-button" aria-label="Close the check" onClick={close}>
        <Icon name="close" />
      </button>
    </header>
  )
}

const close = () => go({ check: null })

function DeleteButton({ check }: { check: Check }) {
  const db = useLandfall()
  const dialog = useRef<HTMLDialogElement>(null)
  const remove = () => {
    close()
    deleteCheck(db, check).catch((error: unknown) => problem('Not deleted', error))
  }
  return (
    <>
      <button
        type="button"
        className="icon-button"
        aria-label="Delete the check"
        onClick={() => dialog.current?.showModal()}
      >
        <Icon name="trash" />
      </button>
      <dialog ref={dialog} className="dialog" aria-label="Delete the check">
        <form method="dialog">
          <h2>Delete this check?</h2>
          <p>“{check.title}” and its comments go for everyone on the project.</p>
          <div className="dialog-actions">
            <button className="button" value="no">
              Keep it
            </button>
            <button className="button danger" value="yes" onClick={remove}>
              Delete
            </button>
          </div>
        </form>
      </dialog>
    </>
  )
}
