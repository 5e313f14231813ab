/** What the server refused, kept until a person has seen it (P7): a dialog with label, reason and time. */
import { useLandfall } from '@landfall/react'
import type { RefObject } from 'react'
import { now } from '../platform.ts'
import { agoOf } from '../ui/words.ts'
import { problem } from './toasts.ts'
import { type Refused, useRejections } from './useRejections.ts'

export function RejectionsDialog({ dialogRef }: { dialogRef: RefObject<HTMLDialogElement | null> }) {
  const rejections = useRejections()
  return (
    <dialog ref={dialogRef} className="dialog wide" aria-label="Refused changes">
      <h2>Refused changes</h2>
      <p>
        The server did not accept these. The fields went back to what everybody else sees; your change is kept
        here until you discard it.
      </p>
      <ul className="refused">
        {rejections.map((refused) => (
          <RefusedItem key={refused.id} refused={refused} />
        ))}
        {rejections.length === 0 && <li className="faint">Nothing is refused.</li>}
      </ul>
      <form method="dialog" className="dialog-actions">
        <button className="button">Close</button>
      </form>
    </dialog>
  )
}

function RefusedItem({ refused }: { refused: Refused }) {
  const db = useLandfall()
  const discard = () => {
    db.rejections.discard(refused.id).catch((error: unknown) => problem('Not discarded', error))
  }
  return (
    <li>
      <div>
        <strong>{refused.label ?? 'A change'}</strong>
        <p>{reasonOf(refused)}</p>
        <p className="faint">{agoOf(refused.at, now())}</p>
      </div>
      <button type="button" className="button" onClick={discard}>
        Discard
      </button>
    </li>
  )
}

/** The rule's own words where it gave some, else the catalogue's. */
export function reasonOf({ error }: Refused): string {
  const reason = error.details['reason']
  return typeof reason === 'string' ? reason : error.message
}
