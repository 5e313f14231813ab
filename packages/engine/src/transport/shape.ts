/**
 * Checks that a response has the form the protocol gives it, before anything of it is committed.
 *
 * A proxy's login page, a truncated body or another version's message must not reach the store: what does not fit is
 * `response_invalid`. Values stay text; whether they fit their columns is for the codecs.
 */
import {
  type BootstrapResponse,
  type ErrorData,
  isErrorCode,
  LandfallError,
  type SyncResponse,
} from '@landfall/protocol'

type Shape = (value: unknown) => boolean

const text: Shape = (value) => typeof value === 'string'
const flag: Shape = (value) => typeof value === 'boolean'
const count: Shape = (value) => Number.isSafeInteger(value)
const wireValue: Shape = (value) => value === null || typeof value === 'string'

const nullOr =
  (shape: Shape): Shape =>
  (value) =>
    value === null || shape(value)

const listOf =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(shape)

const object =
  (shapes: { [name: string]: Shape }): Shape =>
  (value) =>
    isRecord(value) && Object.entries(shapes).every(([name, shape]) => shape(value[name]))

/** Columns of equal length. */
const wireColumns: Shape = (value) => {
  if (!listOf(listOf(wireValue))(value)) return false
  const columns = value as unknown[][]
  return columns.every((column) => column.length === columns[0]?.length)
}

const error = object({ code: text, message: text, details: isRecord })
const rejection = object({ number: count, error })
const verdict = object({ number: count, outcome: text, error: nullOr(error) })
const patch = object({ table: text, truncated: flag, rows: wireColumns, removed: wireColumns })
const position = object({ table: text, after: nullOr(listOf(wireValue)) })

const conflict = object({
  id: text,
  table: text,
  key: listOf(wireValue),
  column: nullOr(text),
  kept: text,
  base: wireValue,
  mine: wireValue,
  theirs: wireValue,
})

const pullResponse = object({
  cursor: object({ snapshot: text, history: text }),
  acknowledged: count,
  user: text,
  hlc: (value) => typeof value === 'string' && /^\d{1,20}$/.test(value),
  gained: listOf(text),
  lost: listOf(text),
  tables: listOf(patch),
  rejections: listOf(rejection),
  conflicts: listOf(conflict),
})

const half =
  (value: Shape): Shape =>
  (half) =>
    object({ ok: (ok) => ok === true, value })(half) || object({ ok: (ok) => ok === false, error })(half)

const syncResponse = object({
  push: nullOr(half(object({ verdicts: listOf(verdict) }))),
  pull: nullOr(half(pullResponse)),
})

const pageResponse = object({
  blocks: listOf(object({ table: text, rows: wireColumns })),
  next: nullOr(position),
})

export function checkSyncResponse(value: unknown): SyncResponse {
  if (!syncResponse(value)) throw new LandfallError('response_invalid', { what: 'sync' })
  return value as SyncResponse
}

export function checkPageResponse(value: unknown): BootstrapResponse {
  if (!pageResponse(value)) throw new LandfallError('response_invalid', { what: 'bootstrap' })
  return value as BootstrapResponse
}

/** The error in the body of a failed request; null when there is none that we know. */
export function errorInBody(value: unknown): ErrorData | null {
  const found = isRecord(value) ? value['error'] : null
  return error(found) && isErrorCode((found as ErrorData).code) ? (found as ErrorData) : null
}

function isRecord(value: unknown): value is { [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
