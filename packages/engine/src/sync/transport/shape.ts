/**
 * Checks that a response has the form the protocol gives it, before anything of it is committed.
 *
 * A proxy's login page, a truncated body or another version's message must not reach the store: a response of another form
 * is `response_invalid`. Values stay text; the codecs check whether they fit their columns.
 */
import {
  type FirstLoadPage,
  type ErrorData,
  isErrorCode,
  LandfallError,
  type SyncResponse,
  type VerifyAsk,
  type VerifyResponse,
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
const deferral = object({ number: count, error, tries: count })
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
  deferrals: (value) => value === undefined || listOf(deferral)(value),
  conflicts: listOf(conflict),
  marked: listOf(text),
  uncaptured: listOf(text),
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

const oneOf =
  (...shapes: Shape[]): Shape =>
  (value) =>
    shapes.some((shape) => shape(value))

const literal =
  (wanted: unknown): Shape =>
  (value) =>
    value === wanted

const sum: Shape = (value) => typeof value === 'string' && /^\d{1,20}$/.test(value)
const rowHash: Shape = (value) => typeof value === 'string' && /^[0-9a-f]{16}$/.test(value)

const verifyAnswers: { [Kind in VerifyAsk['kind']]: Shape } = {
  checksums: object({ scopes: listOf(object({ scope: text, count, sum })) }),
  buckets: object({ buckets: listOf(object({ bucket: count, count, sum })) }),
  hashes: (value) =>
    object({ keys: wireColumns, hashes: listOf(rowHash) })(value) && isAsLong(value as HashesAnswer),
  rows: object({ answered: count, rows: wireColumns }),
}

type HashesAnswer = { keys: unknown[][]; hashes: unknown[] }

const isAsLong = ({ keys, hashes }: HashesAnswer): boolean => keys[0]?.length === hashes.length

const verifyResponse = (kind: VerifyAsk['kind']): Shape =>
  oneOf(
    object({ behind: literal(true) }),
    object({
      behind: literal(false),
      user: text,
      lost: listOf(text),
      except: wireColumns,
      answer: (answer) => object({ kind: literal(kind) })(answer) && verifyAnswers[kind](answer),
    }),
  )

export function checkSyncResponse(value: unknown): SyncResponse {
  if (!syncResponse(value)) throw new LandfallError('response_invalid', { what: 'sync' })
  return value as SyncResponse
}

export function checkPageResponse(value: unknown): FirstLoadPage {
  if (!pageResponse(value)) throw new LandfallError('response_invalid', { what: 'first load' })
  return value as FirstLoadPage
}

/** An answer of the kind that was asked for. */
export function checkVerifyResponse(value: unknown, kind: VerifyAsk['kind']): VerifyResponse {
  if (!verifyResponse(kind)(value)) throw new LandfallError('response_invalid', { what: 'verify' })
  return value as VerifyResponse
}

/** The error in the body of a failed request; null when there is none that we know. */
export function errorInBody(value: unknown): ErrorData | null {
  const found = isRecord(value) ? value['error'] : null
  return error(found) && isErrorCode((found as ErrorData).code) ? (found as ErrorData) : null
}

function isRecord(value: unknown): value is { [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
