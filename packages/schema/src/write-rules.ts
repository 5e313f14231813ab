/**
 * Which scopes give the right to write a table, and whether the columns of one scope hold the same keys.
 *
 * If any one of several scopes were enough, a user who may write their own row of `members` could join any project; so a
 * table in several scopes says which one counts. Keys of a scope are compared as text, so all its columns have one type.
 */
import type { ColumnType, ManifestScope, ManifestTable } from '@landfall/protocol'
import type { Problem } from './problem.ts'

/** `write` of `defineSync` without its types. */
export type LooseWrite = { [table: string]: string | readonly string[] | false | undefined }

/** `scopes`: those of the table that can give the right: not the read-only one. */
type WriteRule = { table: string; scopes: readonly ManifestScope[]; rule: LooseWrite[string] }

/** The scopes that must all be held; empty: read-only. */
export function writeScopes({ table, scopes, rule }: WriteRule, problems: Problem[]): string[] {
  const able = scopes.map(({ scope }) => scope)
  if (rule === false) return []
  if (rule === undefined) {
    if (able.length > 1) problems.push(silent(table, able))
    return able
  }
  const named = typeof rule === 'string' ? [rule] : rule
  const unknown = named.filter((scope) => !able.includes(scope))
  if (named.length === 0 || unknown.length > 0) problems.push(unfit(table, unknown, able))
  return able.filter((scope) => named.includes(scope))
}

function silent(table: string, able: string[]): Problem {
  return {
    table,
    problem: `the table stands in the scopes ${able.join(', ')}, and which one gives the right to write is not said`,
    cure: `name it in write: { ${table}: '${able[0]}' }, or a list of which all must be held, or false for read-only`,
  }
}

function unfit(table: string, unknown: string[], able: string[]): Problem {
  const named = unknown.length === 0 ? 'names no scope' : `names ${unknown.join(', ')}`
  return {
    table,
    problem: `write ${named}, which gives no right to write this table`,
    cure:
      able.length === 0 ? 'take it out: the table is read-only' : `name one of ${able.join(', ')}, or false`,
  }
}

/** Every table of a scope names its key by a column of the same type. */
export function checkScopeTypes(tables: readonly ManifestTable[], problems: Problem[]): void {
  const first = new Map<string, { table: string; column: string; type: ColumnType }>()
  for (const table of tables) {
    for (const { scope, column } of table.scopes) {
      const type = table.columns.find(({ name }) => name === column)?.type
      if (typeof column !== 'string' || type === undefined) continue
      const known = first.get(scope)
      if (known === undefined) first.set(scope, { table: table.name, column, type })
      else if (printedAs(known.type) !== printedAs(type))
        problems.push({
          table: table.name,
          column,
          problem: `the key of scope ${scope} is ${type.sql} here and ${known.type.sql} in ${known.table}.${known.column}`,
          cure: 'give the columns of one scope one type, or make two scopes of it',
        })
    }
  }
}

/** A text is printed alike whether or not its length is limited. */
const printedAs = ({ kind, sql }: ColumnType): string => (kind === 'varchar' ? 'text' : sql)
