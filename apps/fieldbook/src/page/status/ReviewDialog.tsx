/**
 * What a person should look at, kept until they have (P7): changes that the server refused, with the reason, and
 * values that lost against somebody else's edit of the same field, to be taken back or let go.
 */
import type { StoredConflict, StoredRejection } from '@landfall/client'
import { errorText, useLandfall, useLive, useStatus } from '@landfall/react'
import type { RefObject } from 'react'
import { columnName, losingValue, takeBack, winningValue } from '../data/conflict.ts'
import { now } from '../platform.ts'
import { agoOf } from '../ui/words.ts'
import { problem } from './toasts.ts'
import { useListed } from './useListed.ts'

export function ReviewDialog({ dialogRef }: { dialogRef: RefObject<HTMLDialogElement | null> }) {
  const db = useLandfall()
  const status = useStatus()
  const rejections = useListed(db.rejections, status.rejections)
  const conflicts = useListed(db.conflicts, status.conflicts)
  const isEmpty = rejections.length + conflicts.length === 0
  return (
    <dialog ref={dialogRef} className="dialog wide" aria-label="To review">
      <h2>To review</h2>
      <p>Nothing of this is lost: it stays on this device until you decide.</p>
      <ul className="review">
        {rejections.map((rejection) => (
          <Refused key={rejection.id} rejection={rejection} />
        ))}
        {conflicts.map((conflict) => (
          <Outvoted key={conflict.id} conflict={conflict} />
        ))}
        {isEmpty && <li className="faint">Nothing to review.</li>}
      </ul>
      <form method="dialog" className="dialog-actions">
        <button className="button">Close</button>
      </form>
    </dialog>
  )
}

function Refused({ rejection }: { rejection: StoredRejection }) {
  const db = useLandfall()
  const discard = () =>
    void db.rejections.discard(rejection.id).catch((error: unknown) => problem('Not discarded', error))
  return (
    <li>
      <div>
        <strong>{rejection.label ?? 'A change'}</strong>
        <p className="reason">Refused: {reasonOf(rejection)}</p>
        <p className="faint">{agoOf(rejection.at, now())}</p>
      </div>
      <button type="button" className="button" onClick={discard}>
        Discard
      </button>
    </li>
  )
}

/** The rule's own words where it gave some, else the catalogue's. */
function reasonOf({ error }: StoredRejection): string {
  const { reason } = error.details
  return typeof reason === 'string' ? reason : errorText(error)
}

function Outvoted({ conflict }: { conflict: StoredConflict }) {
  const db = useLandfall()
  const { rows } = useLive<{ title: string }>('select title from checks where id = ?', [
    conflict.key[0] ?? '',
  ])
  const losing = losingValue(conflict)
  const discard = () => db.conflicts.discard(conflict.id)
  const decide = (work: () => Promise<void>) =>
    void work().catch((error: unknown) => problem('Not decided', error))
  return (
    <li>
      <div>
        <strong>{`${columnName(conflict)} of “${rows[0]?.title ?? 'a deleted check'}”`}</strong>
        <p className="reason">
          Two people changed it. Kept: <em>{textOf(winningValue(conflict))}</em>. Set aside:{' '}
          <em>{textOf(losing)}</em>.
        </p>
        <p className="faint">{agoOf(conflict.at, now())}</p>
      </div>
      <div className="review-actions">
        {conflict.column !== null && rows.length > 0 && (
          <button
            type="button"
            className="button"
            onClick={() => decide(() => takeBack(db, conflict).then(discard))}
          >
            Use it instead
          </button>
        )}
        <button type="button" className="button" onClick={() => decide(discard)}>
          Let it go
        </button>
      </div>
    </li>
  )
}

function textOf(value: string | null): string {
  return value === null || value === '' ? 'nothing' : value
}
