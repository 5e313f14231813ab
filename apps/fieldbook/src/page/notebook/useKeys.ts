/**
 * The keyboard: one listener for the whole page.
 *
 * Single letters only work outside of fields; Escape works everywhere but in a dialog, which closes itself. Rows are real links, so that Enter and Tab
 * work without help; j and k move the focus along them.
 */
import { useEffect, useRef } from 'react'

export type Keys = { [key: string]: (() => void) | undefined }

export const SHORTCUTS: readonly [keys: string, what: string][] = [
  ['J  K', 'Next or previous check'],
  ['Enter', 'Open the check'],
  ['N', 'New check in this project'],
  ['/', 'Search'],
  ['C', 'Write a comment'],
  ['1 – 4', 'Open, in progress, rework, passed'],
  ['O', 'Work offline, or go online again'],
  ['Esc', 'Leave the field, close the check'],
  ['?', 'This list'],
]

export function useKeys(keys: Keys): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      if (document.querySelector('dialog[open]') !== null) return
      if (isField(event.target) && event.key !== 'Escape') return
      const run = latest.current[event.key]
      if (run === undefined) return
      event.preventDefault()
      run()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
}

export function isField(target: EventTarget | null): target is HTMLElement {
  return target instanceof HTMLElement && target.closest('input, textarea, select') !== null
}

/** Moves the focus to the next row, from the focused one or the open one. */
export function moveFocus(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')]
  const focused = rows.findIndex((row) => row === document.activeElement)
  const open = rows.findIndex((row) => row.getAttribute('aria-current') === 'true')
  const from = focused >= 0 ? focused : open
  const to = from < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, from + step))
  const row = rows[to]
  row?.focus()
  row?.scrollIntoView({ block: 'nearest' })
}
