/**
 * The input of `defineSync`, looked up table by table and checked against the tables.
 *
 * TypeScript catches wrong names where they are written; JavaScript callers get the same as problems.
 */
import type { ManifestScope, PolicyName } from '@landfall/protocol'
import { getTableColumns, getTableName } from 'drizzle-orm'
import type { CustomPolicy, PgTables } from './definition.ts'
import type { TableRules } from './manifest-table.ts'
import type { Problem } from './problem.ts'
import { resolveScope, type ScopeInput } from './resolve-scope.ts'
import { isShared, type ScopeRule } from './scope-rules.ts'
import { type LooseWrite, writeScopes } from './write-rules.ts'

export type LooseConflicts = {
  [table: string]: { [column: string]: PolicyName | CustomPolicy<unknown> | undefined } | undefined
}

/** The input of `defineSync` without its types. */
export type LooseInput = ScopeInput & {
  write?: LooseWrite
  columns?: { [table: string]: { exclude?: readonly string[]; readonly?: readonly string[] } | undefined }
  conflicts?: LooseConflicts
}

const SCOPE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The rules for the table that `tables` calls `name`. */
export function rulesFor(input: LooseInput, name: string, problems: Problem[]): TableRules {
  const columns = input.columns?.[name]
  const conflicts = input.conflicts?.[name] ?? {}
  const readonly = new Set(columns?.readonly)
  const scopes = scopesOf(input, name, problems)
  return {
    excluded: new Set(columns?.exclude),
    rule: (property, column) => ({
      readonly: readonly.has(property),
      policy: conflicts[property] ?? (column.primary ? undefined : conflicts['*']) ?? 'last-write',
    }),
    scopes,
    write: writeScopes(
      {
        table: tableName(input, name),
        scopes: scopes.filter(({ scope }) => input.scopes[scope]?.[name] !== true),
        rule: input.write?.[name],
      },
      problems,
    ),
  }
}

function tableName({ tables }: LooseInput, name: string): string {
  const table = tables[name]
  return table === undefined ? name : getTableName(table)
}

function scopesOf(input: LooseInput, name: string, problems: Problem[]): ManifestScope[] {
  const pgTable = input.tables[name]
  if (pgTable === undefined) return []
  const table = getTableName(pgTable)
  const scopes: ManifestScope[] = []
  for (const [scope, tables] of Object.entries(input.scopes)) {
    const rule = tables[name]
    if (rule === undefined) continue
    if (rule === true || isShared(rule)) scopes.push({ scope, column: null })
    else scopes.push(...resolveScope(input, { scope, name, rule }, problems))
  }
  if (scopes.length === 0) problems.push(noScope(table))
  return scopes
}

const noScope = (table: string): Problem => ({
  table,
  problem: 'the table stands in no scope, so nobody could ever hold its rows',
  cure: 'name the column that holds its scope key in scopes, or take the table out of tables',
})

/** Every table, column and scope name in the input must mean something. */
export function checkMentions(input: LooseInput, problems: Problem[]): void {
  for (const [scope, tables] of Object.entries(input.scopes)) {
    checkScope(scope, tables, problems)
    for (const table of Object.keys(tables)) checkMention(input.tables, { table, columns: [] }, problems)
  }
  for (const table of Object.keys(input.write ?? {}))
    checkMention(input.tables, { table, columns: [] }, problems)
  for (const [table, rules] of Object.entries(input.columns ?? {})) {
    const columns = [...(rules?.exclude ?? []), ...(rules?.readonly ?? [])]
    checkMention(input.tables, { table, columns }, problems)
  }
  for (const [table, rules] of Object.entries(input.conflicts ?? {})) {
    const columns = Object.keys(rules ?? {}).filter((column) => column !== '*')
    checkMention(input.tables, { table, columns }, problems)
  }
}

function checkScope(scope: string, tables: { [table: string]: ScopeRule }, problems: Problem[]): void {
  const rules = Object.values(tables).filter((rule) => rule !== undefined)
  const table = Object.keys(tables)[0] ?? scope
  if (!SCOPE_NAME.test(scope))
    problems.push({
      table,
      problem: `the scope name ${scope} is no identifier`,
      cure: 'use letters, digits and _',
    })
  const isOpen = (rule: ScopeRule): boolean => rule === true || isShared(rule)
  if (rules.some(isOpen) && !rules.every(isOpen))
    problems.push({
      table,
      problem: `scope ${scope} mixes tables with a key column and tables with every row`,
      cure: 'make two scopes of it',
    })
}

type Mention = { table: string; columns: string[] }

function checkMention(tables: PgTables, { table, columns }: Mention, problems: Problem[]): void {
  const pgTable = tables[table]
  if (pgTable === undefined) {
    problems.push({ table, problem: 'there is no such table in tables', cure: 'use a name from tables' })
    return
  }
  const known = getTableColumns(pgTable)
  for (const column of columns) {
    if (Object.hasOwn(known, column)) continue
    problems.push({
      table,
      column,
      problem: 'there is no such column',
      cure: 'use the Drizzle property’s name',
    })
  }
}
