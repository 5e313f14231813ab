/**
 * What a DBA does to a synced table who knows nothing of us: takes it out of capture, changes rows, and perhaps puts all back.
 *
 * Only tables that no device writes: of a row that changed unlogged nobody can tell when, so no conflict about it can be
 * judged.
 */
import type { ManifestTable } from '@landfall/protocol'
import { quoteIdentifier, quotePostgresLiteral, quoteTable } from '@landfall/schema/internal'
import type { SeededRandom } from '@landfall/testkit'
import type { SimApp } from './app.ts'
import type { Step } from './plan.ts'
import { pick, wait, type Writing } from './situations.ts'

/** Whether the table stays uncaptured until migrateSync. */
const WAYS = {
  disable: true,
  drop: true,
  replace: true,
  swap: true,
  'put back': false,
  rewrite: false,
} as const

type Way = keyof typeof WAYS

/** The table goes out of capture in mid-work; it is mended soon, or at the end. */
export function uncapture(writing: Writing): Step[] {
  const { app, random } = writing
  const tables = readOnlyTables(app)
  if (tables.length === 0) return []
  const table = pick(tables, random)
  const way = pick(Object.keys(WAYS) as Way[], random)
  const step: Step = {
    kind: 'dba',
    table: table.name,
    opens: WAYS[way],
    statements: [...dbaStatements(table, way, random)],
  }
  const mended: Step[] = random.below(2) === 0 ? [{ kind: 'mend' }, wait(writing, 3_000)] : []
  // Once devices have answered the first mark, only the mend's own tells of what comes now.
  const later: Step = { ...step, statements: unseenWork(table, random) }
  return [step, { kind: 'pass', ms: pick([5_000, 45_000], random) }, later, ...mended]
}

function readOnlyTables({ sync }: SimApp): ManifestTable[] {
  return sync.manifest.tables.filter(({ scopes }) => scopes.every(({ column }) => column === null))
}

function dbaStatements(table: ManifestTable, way: Way, random: SeededRandom): string[] {
  const name = quoteTable(table)
  const work = unseenWork(table, random)
  const trigger = 'landfall_landfall_update'
  const body = `landfall."capture_update ${table.schema}.${table.name}"`
  const remaining = 'landfall_landfall_delete'
  switch (way) {
    case 'disable':
      return [`ALTER TABLE ${name} DISABLE TRIGGER USER`, ...work]
    case 'drop':
      return [
        `DROP TRIGGER IF EXISTS ${trigger} ON ${name}`,
        `DROP TRIGGER IF EXISTS ${remaining} ON ${name}`,
        ...work,
      ]
    case 'replace':
      return [
        `CREATE OR REPLACE FUNCTION ${body}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
        ...work,
      ]
    case 'swap':
      return [
        `CREATE TABLE dba_copy (LIKE ${name} INCLUDING ALL)`,
        `INSERT INTO dba_copy SELECT * FROM ${name}`,
        `DROP TABLE ${name}`,
        `ALTER TABLE dba_copy RENAME TO ${quoteIdentifier(table.name)}`,
        ...work,
      ]
    case 'put back':
      return [
        `ALTER TABLE ${name} DISABLE TRIGGER USER`,
        ...work,
        ...['insert', 'update', 'delete', 'truncate'].map(
          (operation) => `ALTER TABLE ${name} ENABLE ALWAYS TRIGGER landfall_landfall_${operation}`,
        ),
      ]
    case 'rewrite':
      return textColumns(table).map(
        (column) => `ALTER TABLE ${name} ALTER ${column} TYPE text USING upper(${column})`,
      )
  }
}

/** One row is changed, and sometimes another deleted. */
function unseenWork(table: ManifestTable, random: SeededRandom): string[] {
  const name = quoteTable(table)
  const key = table.key.map(quoteIdentifier).join(', ')
  const some = (): string =>
    `ctid = (SELECT ctid FROM ${name} ORDER BY ${key} OFFSET ${random.below(3)} LIMIT 1)`
  const [column] = textColumns(table)
  const value = quotePostgresLiteral(`unseen ${random.below(1_000)}`)
  return [
    ...(column === undefined ? [] : [`UPDATE ${name} SET ${column} = ${value} WHERE ${some()}`]),
    ...(column === undefined || random.below(3) === 0 ? [`DELETE FROM ${name} WHERE ${some()}`] : []),
  ]
}

const textColumns = ({ columns, key }: ManifestTable): string[] =>
  columns
    .filter(({ name, type }) => type.kind === 'text' && !type.array && !key.includes(name))
    .map(({ name }) => quoteIdentifier(name))
