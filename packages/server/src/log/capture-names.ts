/**
 * What capture is called in Postgres: the triggers on an app's table and the functions they call (P17.1).
 *
 * A trigger's name carries the bookkeeping schema, so that two apps may capture one table. A function stands in that
 * schema and is named by the table's schema and name, since two schemas may each have a table of one name.
 */
import type { Bookkeeping } from './bookkeeping.ts'

export const CAPTURED_OPERATIONS = ['insert', 'update', 'delete', 'truncate'] as const
export type CapturedOperation = (typeof CAPTURED_OPERATIONS)[number]

/** What happens to a row that others hang on (`capture-moves.ts`). */
export const PARENT_EVENTS = ['hold', 'came', 'moved', 'going'] as const
export type ParentEvent = (typeof PARENT_EVENTS)[number]

export function triggerName({ schema }: Bookkeeping, operation: CapturedOperation | ParentEvent): string {
  return `landfall_${schema}_${operation}`
}

export function triggerNames(bookkeeping: Bookkeeping): string[] {
  return CAPTURED_OPERATIONS.map((operation) => triggerName(bookkeeping, operation))
}

/** `"landfall"."capture_insert public.items"` */
export function captureFunctionName(
  bookkeeping: Bookkeeping,
  operation: CapturedOperation | ParentEvent,
  table: { schema: string; name: string },
): string {
  return bookkeeping.named(functionName(operation, table))
}

const MAX_NAME_BYTES = 63

/**
 * Postgres cuts names at 63 bytes: a longer one keeps its beginning and gets a digest of the whole, and so does one with
 * a dot in it, which could be read in two ways. Two of a thousand such tables share a digest of 64 bits once in 4e13.
 */
export function functionName(
  operation: CapturedOperation | ParentEvent,
  table: { schema: string; name: string },
): string {
  const name = `capture_${operation} ${table.schema}.${table.name}`
  const clear = !table.schema.includes('.') && !table.name.includes('.')
  if (clear && Buffer.byteLength(name) <= MAX_NAME_BYTES) return name
  const suffix = ` ${digest(JSON.stringify([operation, table.schema, table.name]))}`
  return beginning(name, MAX_NAME_BYTES - Buffer.byteLength(suffix)) + suffix
}

/** Whole characters of so many bytes at most. */
function beginning(text: string, bytes: number): string {
  let kept = ''
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > bytes) return kept
    kept += character
  }
  return kept
}

/** FNV-1a, 64 bits. */
function digest(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  }
  return hash.toString(16).padStart(16, '0')
}
