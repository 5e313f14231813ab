/**
 * Checks what an app passes to SQL, at the app's own call: the error's stack shows the call that has to change.
 *
 * SQLite takes null, numbers, bigints, text and bytes; booleans become 0 and 1. `undefined` is refused, never taken for
 * NULL: it is a forgotten value more often than an intended one. A proxied array, as reactive state hands it out, is
 * copied, because a proxy cannot be cloned on its way to the worker. No error quotes a value.
 */
import type { SqlApi, SqlParam, Statement } from '@landfall/engine'
import { LandfallError } from '@landfall/protocol'

const WHAT_FITS = 'null, numbers, bigints, booleans, text and Uint8Array'

/** The same calls; each fails with `argument_invalid` before anything is run. */
export function checkedSql(sql: SqlApi): SqlApi {
  return {
    query: async (text, params, transaction) =>
      sql.query(checkText(text), plainParams(params), ...(transaction === undefined ? [] : [transaction])),
    batch: async (statements, label) => sql.batch(plainStatements(statements), label),
    begin: (label) => sql.begin(label),
    commit: (transaction) => sql.commit(transaction),
    rollback: (transaction) => sql.rollback(transaction),
    live: async (id, text, params) => sql.live(id, checkText(text), plainParams(params)),
    unlive: (id) => sql.unlive(id),
  }
}

function plainStatements(statements: readonly Statement[]): Statement[] {
  if (!Array.isArray(statements))
    throw refused(statements, { call: 'batch', cure: 'Pass a list of statements: [[sql, params], ...].' })
  return Array.from(statements, (statement: unknown) => {
    if (!Array.isArray(statement))
      throw refused(statement, { call: 'batch', cure: 'Write each statement as [sql, params].' })
    const [text, params = []]: unknown[] = statement
    return [checkText(text), plainParams(params)]
  })
}

function checkText(text: unknown): string {
  if (typeof text === 'string') return text
  throw refused(text, { cure: 'Pass SQL as text; a Drizzle query runs by itself, or in db.live.' })
}

/** A plain array of what SQLite can bind. */
function plainParams(params: unknown): SqlParam[] {
  if (!Array.isArray(params))
    throw refused(params, { cure: 'Pass parameters as an array, in the order of the ? in the SQL.' })
  // Not `map`, which leaves holes as they are.
  return Array.from(params, (param: unknown, index) => {
    if (isBindable(param)) return param
    throw refused(param, { parameter: index + 1, cure: cureFor(param) })
  })
}

function isBindable(param: unknown): param is SqlParam {
  if (param === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof param)) return true
  return ArrayBuffer.isView(param) && param instanceof Uint8Array
}

function cureFor(param: unknown): string {
  if (param === undefined) return 'Pass null for NULL.'
  if (param instanceof Date) return 'Pass text, such as date.toISOString(), or write through db.drizzle.'
  if (param instanceof Uint8Array || param instanceof ArrayBuffer)
    return 'Pass the bytes themselves, as new Uint8Array(buffer), not a buffer or a proxy of them.'
  if (typeof param === 'object') return 'Pass JSON.stringify(value), or write through db.drizzle.'
  return `Pass ${WHAT_FITS}.`
}

function refused(
  found: unknown,
  details: { call?: string; parameter?: number; cure: string },
): LandfallError<'argument_invalid'> {
  return new LandfallError('argument_invalid', { found: kindOf(found), ...details })
}

function kindOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value
  return Array.isArray(value) ? 'array' : (value.constructor?.name ?? 'object')
}
