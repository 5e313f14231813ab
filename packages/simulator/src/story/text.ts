/**
 * How stories and reports write times, numbers and foreign text.
 *
 * A story quotes what a workload wrote: line breaks, terminal escapes, halves of surrogate pairs, marks that turn the
 * direction of text. Shown raw they would break a table's rows or hide a line, so they are shown as escapes.
 */
import { FAULTS } from './faults.ts'
import type { Outcome } from './outcome.ts'

/** `+00:01:23.045` */
export function relativeTime(ms: number): string {
  const whole = Math.abs(Math.round(ms))
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const clock = [whole / 3_600_000, (whole / 60_000) % 60, (whole / 1000) % 60].map(two).join(':')
  return `${ms < 0 ? '-' : '+'}${clock}.${String(whole % 1000).padStart(3, '0')}`
}

export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (found) => SHORT.get(found) ?? escaped(found))
}

const SHORT = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

const escaped = (character: string): string => `\\u{${character.codePointAt(0)?.toString(16)}}`

/** At most so many characters; what was cut is an ellipsis. */
export function cut(text: string, width: number): string {
  const characters = Array.from(text)
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

export const count = (value: number): string => Math.round(value).toLocaleString('en')

export const counted = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`

export const virtualHours = (ms: number): string => `${(ms / 3_600_000).toFixed(2)} virtual hours`

/** In the order of the catalogue: `offline 3, quota 1`. */
export function faultCounts(faults: Outcome['faults']): string[] {
  return FAULTS.flatMap((kind) => {
    const times = faults[kind] ?? 0
    return times > 0 ? [`${kind} ${count(times)}`] : []
  })
}
