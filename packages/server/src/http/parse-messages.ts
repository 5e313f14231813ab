/**
 * Parsing of requests: from JSON of any shape to the protocol's types, once, at the edge (P16).
 *
 * Unknown fields are dropped, nothing is nested deeper than the messages are, and every list has a limit. What the
 * values mean (tables, columns, types) is checked by the handlers.
 */
import {
  type FirstLoadRequest,
  LandfallError,
  MAX_BUCKET_BITS,
  type PullRequest,
  type PushRequest,
  rowCount,
  type Step,
  type SyncRequest,
  type VerifyRequest,
  type WireColumns,
  type WireValue,
} from '@landfall/protocol'
import * as v from 'valibot'
import type { Limits } from '../limits.ts'

const MAX_KEY_COLUMNS = 32
const MAX_COLUMNS = 1_600
const MAX_IN_PROGRESS = 10_000
const MAX_XID = 2n ** 64n - 1n
const MAX_HLC = 2n ** 63n - 1n

// Postgres has no text with U+0000.
const text = (maximum: number) => v.pipe(v.string(), v.maxLength(maximum), v.regex(/^[^\0]*$/))
const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const client = v.pipe(v.string(), v.regex(/^[0-9A-Za-z-]{1,64}$/))
const scope = v.pipe(text(1_000), v.regex(/^[^:]+:/))
const history = text(200)
const snapshot = v.pipe(v.string(), v.maxLength(250_000), v.check(isSnapshot))
const hlc = v.pipe(
  v.string(),
  v.regex(/^\d{1,19}$/),
  v.check((digits) => BigInt(digits) <= MAX_HLC),
)

function isSnapshot(value: string): boolean {
  const [xmin, xmax, list, ...rest] = value.split(':')
  const inProgress = list === '' ? [] : (list ?? 'x').split(',')
  const xids = [xmin ?? 'x', xmax ?? 'x', ...inProgress]
  const wellFormed = xids.every((xid) => /^\d{1,20}$/.test(xid) && BigInt(xid) <= MAX_XID)
  return rest.length === 0 && inProgress.length <= MAX_IN_PROGRESS && wellFormed
}

const wireRow = v.pipe(v.array(v.nullable(text(10_000))), v.maxLength(MAX_KEY_COLUMNS))
const wireColumns = v.custom<WireColumns>(isWireColumns)

/** By hand: a push has hundreds of thousands of values. */
function isWireColumns(value: unknown): value is WireColumns {
  if (!Array.isArray(value) || value.length > MAX_COLUMNS) return false
  const rows: unknown = Array.isArray(value[0]) ? value[0].length : 0
  return value.every((column) => Array.isArray(column) && column.length === rows && column.every(isWireValue))
}

function isWireValue(value: unknown): boolean {
  return value === null || typeof value === 'string'
}

/** They travel to Postgres as JSON, which has no U+0000 and no lone surrogates. */
function isPostgresText(value: WireValue): boolean {
  return value === null || !/[\0\p{Surrogate}]/u.test(value)
}

const changeBlock = v.pipe(
  v.object({
    table: text(255),
    operation: v.picklist(['insert', 'update', 'delete']),
    columns: v.pipe(v.array(text(255)), v.maxLength(MAX_COLUMNS), v.check(isUnique)),
    keys: v.pipe(wireColumns, v.minLength(1), v.maxLength(MAX_KEY_COLUMNS)),
    old: wireColumns,
    new: wireColumns,
  }),
  v.check(({ operation, columns, keys, old, new: after }) => {
    const rows = rowCount(keys)
    const full = (block: WireColumns) =>
      block.length === columns.length && (columns.length === 0 || rowCount(block) === rows)
    const hasOld = operation === 'insert' ? old.length === 0 : full(old)
    const hasNew = operation === 'delete' ? after.length === 0 : full(after)
    return rows > 0 && hasOld && hasNew
  }),
)

/** By hand, like the values. */
function isSteps(value: unknown): value is Step[] {
  return Array.isArray(value) && value.every(isStep)
}

function isStep(value: unknown): value is Step {
  if (!isRecord(value) || !isNatural(value['block']) || !isNatural(value['row'])) return false
  const { count, values } = value
  if (values === undefined) return isNatural(count) && count > 0
  return isRecord(values) && Object.values(values).every(isWireValue)
}

const isRecord = (value: unknown): value is { [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

function isUnique(names: string[]): boolean {
  return new Set(names).size === names.length
}

const changeset = v.object({
  number: v.pipe(natural, v.minValue(1)),
  hlc,
  label: v.nullable(text(1_000)),
  tries: v.optional(natural),
  waits: v.optional(v.boolean()),
  changes: v.array(changeBlock),
  steps: v.exactOptional(v.custom<Step[]>(isSteps)),
})

const bits = v.pipe(natural, v.maxValue(MAX_BUCKET_BITS))
const bucket = v.pipe(natural, v.maxValue(2 ** MAX_BUCKET_BITS - 1))

const verifyAsk = (limits: Limits) =>
  v.variant('kind', [
    v.object({ kind: v.literal('checksums') }),
    v.object({ kind: v.literal('buckets'), bits }),
    v.object({
      kind: v.literal('hashes'),
      bits,
      buckets: v.pipe(v.array(bucket), v.maxLength(2 ** MAX_BUCKET_BITS)),
    }),
    v.object({
      kind: v.literal('rows'),
      keys: v.pipe(
        wireColumns,
        v.minLength(1),
        v.maxLength(MAX_KEY_COLUMNS),
        v.check((keys) => rowCount(keys) <= limits.verifyRows && keys.flat().every(isPostgresText)),
      ),
    }),
  ])

function schemas(limits: Limits) {
  const scopes = v.pipe(v.array(scope), v.maxLength(limits.scopes))
  const pull = v.object({
    client,
    cursor: v.nullable(v.object({ snapshot, history })),
    acknowledged: natural,
    scopes,
  })
  const push = v.object({
    client,
    history,
    user: v.optional(v.string()),
    moved: natural,
    changesets: v.pipe(v.array(changeset), v.maxLength(limits.pushChangesets)),
  })
  const firstLoad = v.object({
    client,
    scope,
    position: v.nullable(v.object({ table: text(255), after: v.nullable(wireRow) })),
  })
  const verify = v.object({
    client,
    cursor: v.object({ snapshot, history }),
    table: text(255),
    scopes,
    ask: verifyAsk(limits),
  })
  const sync = v.object({ push: v.nullable(push), pull: v.nullable(pull) })
  return { pull, push, firstLoad, sync, verify }
}

export type MessageParser = {
  pull(value: unknown): PullRequest
  push(value: unknown): PushRequest
  firstLoad(value: unknown): FirstLoadRequest
  sync(value: unknown): SyncRequest
  verify(value: unknown): VerifyRequest
}

export function createMessageParser(limits: Limits): MessageParser {
  const { pull, push, firstLoad, sync, verify } = schemas(limits)
  const limited = (request: PushRequest) => {
    checkPushRows(request, limits.pushRows)
    return request
  }
  return {
    pull: (value) => parse(pull, value) as PullRequest,
    push: (value) => limited(parse(push, value) as PushRequest),
    firstLoad: (value) => parse(firstLoad, value) as FirstLoadRequest,
    sync(value) {
      const request = parse(sync, value) as SyncRequest
      if (request.push) limited(request.push)
      return request
    },
    verify: (value) => parse(verify, value) as VerifyRequest,
  }
}

function parse(schema: v.GenericSchema, value: unknown): unknown {
  const result = v.safeParse(schema, value, { abortEarly: true })
  if (result.success) return result.output
  const [issue] = result.issues
  if (issue?.type === 'max_length') {
    throw new LandfallError('too_large', { what: v.getDotPath(issue) ?? '', limit: issue.requirement })
  }
  throw new LandfallError('bad_request', { what: v.getDotPath(issue) ?? 'message' })
}

function checkPushRows(request: PushRequest, limit: number): void {
  let rows = 0
  for (const { changes, steps = [] } of request.changesets) {
    for (const block of changes) rows += rowCount(block.keys)
    rows += steps.filter((step) => 'values' in step).length
  }
  if (rows > limit) throw new LandfallError('too_large', { what: 'rows of a push', limit })
}
