/**
 * A badge that shows how the database stands with the server, and details when it is opened.
 *
 * A disclosure button with a panel: works by keyboard, and is announced politely when it changes. Colours are CSS
 * variables (`--landfall-*`), with a light and a dark set; see `styles.ts`.
 */
import type { LandfallStatus } from '@landfall/client'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { errorText, headlineOf, lastSyncedText, storageText, toneOf, unsentText } from './status-text.ts'
import { useStyles } from './use-styles.ts'
import { useStatus } from './use-status.ts'

/** Unsent changes, when it was last in step, what storage is used, and what is wrong. */
export function SyncBadge() {
  useStyles()
  const status = useStatus()
  const [open, setOpen] = useState(false)
  const panel = useId()
  const root = useRef<HTMLDivElement>(null)
  useCloseOutside(root, () => setOpen(false))
  const closeByEscape = (event: KeyboardEvent): void => {
    if (!open || event.key !== 'Escape') return
    event.stopPropagation()
    setOpen(false)
  }
  return (
    <div className="landfall-badge" ref={root} onKeyDown={closeByEscape}>
      <button
        type="button"
        className="landfall-badge-button"
        data-tone={toneOf(status)}
        data-phase={status.phase}
        aria-expanded={open}
        aria-controls={panel}
        onClick={() => setOpen(!open)}
      >
        <span className="landfall-badge-dot" aria-hidden="true" />
        {headlineOf(status)}
      </button>
      {/* Beside the button, not in it: a status inside would take the button's name away. */}
      <span role="status" className="landfall-badge-announcer">
        {headlineOf(status)}
      </span>
      <div id={panel} className="landfall-badge-panel" role="group" aria-label="Sync status" hidden={!open}>
        {open && <Details status={status} />}
      </div>
    </div>
  )
}

function Details({ status }: { status: LandfallStatus }) {
  const now = useNow()
  const { rejections, conflicts } = status
  const error = status.error === null ? null : errorText(status.error)
  return (
    <ul>
      <li>{unsentText(status)}</li>
      <li>{lastSyncedText(status, now)}</li>
      <li>{storageText(status)}</li>
      {rejections > 0 && <li>{`${rejections} refused by the server, kept for review`}</li>}
      {conflicts > 0 && <li>{`${conflicts} in conflict, both values kept`}</li>}
      {error !== null && <li className="landfall-badge-error">{error}</li>}
    </ul>
  )
}

/** The time, again every ten seconds: "a minute ago" must not stand still. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000)
    return () => clearInterval(timer)
  }, [])
  return now
}

function useCloseOutside(root: { readonly current: HTMLElement | null }, close: () => void): void {
  useEffect(() => {
    const pressed = ({ target }: PointerEvent): void => {
      if (target instanceof Node && !root.current?.contains(target)) close()
    }
    document.addEventListener('pointerdown', pressed)
    return () => document.removeEventListener('pointerdown', pressed)
  })
}
