/** Dates and labels as people say them. Pure; `now` comes in. */
import type { Severity, Status } from '../data/types.ts'

export const STATUS_LABEL: Record<Status, string> = {
  open: 'Open',
  in_progress: 'In progress',
  rework: 'Rework',
  passed: 'Passed',
}

export const SEVERITY_LABEL: Record<Severity, string> = {
  minor: 'Minor',
  moderate: 'Moderate',
  major: 'Major',
  critical: 'Critical',
}

const MINUTE = 60_000
const DAY = 86_400_000

/** `just now`, `5 min ago`, `3 h ago`, `yesterday`, `12 Oct`. */
export function agoOf(at: number, now: number): string {
  const passed = now - at
  if (passed < MINUTE) return 'just now'
  if (passed < 60 * MINUTE) return `${Math.floor(passed / MINUTE)} min ago`
  if (passed < DAY) return `${Math.floor(passed / (60 * MINUTE))} h ago`
  if (passed < 2 * DAY) return 'yesterday'
  return new Date(at).toLocaleDateString('en-GB', dayFormat(at, now))
}

/** A due date as distance from today: `today`, `tomorrow`, `3 days late`, `12 Oct`. */
export function dueOf(due: string, today: string): { text: string; late: boolean; soon: boolean } {
  const days = Math.round((Date.parse(due) - Date.parse(today)) / DAY)
  if (days < -1) return { text: `${-days} days late`, late: true, soon: false }
  if (days === -1) return { text: '1 day late', late: true, soon: false }
  if (days === 0) return { text: 'today', late: false, soon: true }
  if (days === 1) return { text: 'tomorrow', late: false, soon: true }
  if (days < 7) return { text: `in ${days} days`, late: false, soon: days < 3 }
  const at = Date.parse(due)
  return {
    text: new Date(at).toLocaleDateString('en-GB', dayFormat(at, Date.parse(today))),
    late: false,
    soon: false,
  }
}

function dayFormat(at: number, now: number): Intl.DateTimeFormatOptions {
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear()
  return sameYear ? { day: 'numeric', month: 'short' } : { day: 'numeric', month: 'short', year: 'numeric' }
}
