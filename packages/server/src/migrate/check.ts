/**
 * Whether the live database fits the sync schema: what defineSync was told about a table is what Postgres has.
 *
 * Everything wrong is found before anything is changed, and comes in one error with a cure for each.
 */
import { LandfallError, type Manifest, type ManifestTable } from '@landfall/protocol'
import { quoteTable } from '@landfall/schema/internal'
import { scopeColumns } from '../sql/scope-sql.ts'
import type { TextRow, Tx } from '../database/database.ts'
import { readHiddenTables } from '../database/row-security.ts'
import { type DatabaseProblem, readObstacles } from './obstacles.ts'

/** What migrating needs to know of a live table. */
export type LiveTable = {
  table: ManifestTable
  /** Statement triggers would miss writes: it is partitioned, a partition or a child, or fed by logical replication. */
  perRow: boolean
  partitioned: boolean
}

export const OLDEST_POSTGRES = 130_000

export async function checkServer(tx: Tx): Promise<void> {
  const [row] = await tx.query(`
    SELECT current_setting('server_version_num') AS version, pg_is_in_recovery()::text AS standby`)
  const problems: DatabaseProblem[] = []
  if (Number(row?.['version']) < OLDEST_POSTGRES) {
    problems.push({
      table: '',
      problem: `Postgres ${row?.['version']} is too old.`,
      cure: 'Use 13 or later.',
    })
  }
  if (row?.['standby'] === 'true') {
    problems.push({ table: '', problem: 'This is a standby.', cure: 'Connect to the primary.' })
  }
  refuse(problems)
}

export type CheckedTables = { tables: LiveTable[]; warnings: DatabaseProblem[] }

export async function checkTables(tx: Tx, manifest: Manifest): Promise<CheckedTables> {
  const problems: DatabaseProblem[] = []
  const found: LiveTable[] = []
  for (const table of manifest.tables) {
    const live = await findTable(tx, table)
    const absent = absence(table, live)
    if (live === null || absent !== null) {
      if (absent !== null) problems.push(absent)
      continue
    }
    problems.push(
      ...tableProblems(table, live),
      ...(await columnProblems(tx, table)).filter((problem) => problem !== null),
    )
    const partitioned = live['relkind'] === 'p'
    found.push({
      table,
      partitioned,
      perRow: partitioned || live['child'] === 'true' || live['subscribed'] === 'true',
    })
  }
  const { problems: obstacles, warnings } = await readObstacles(tx, manifest.tables)
  refuse([...problems, ...obstacles, ...(await readHiddenTables(tx, manifest.tables))])
  return { tables: found, warnings }
}

const NO_TABLES: { [relkind: string]: string } = {
  v: 'It is a view.',
  m: 'It is a materialized view.',
  f: 'It is a foreign table.',
}

/** Why there is no table to capture. */
function absence(table: ManifestTable, live: TextRow | null): DatabaseProblem | null {
  const where = { table: quoteTable(table) }
  if (live === null) return { ...where, problem: 'It does not exist.', cure: 'Run your migrations first.' }
  const kind = NO_TABLES[live['relkind'] ?? '']
  if (kind !== undefined) return { ...where, problem: kind, cure: 'Sync the tables that its rows come from.' }
  if (live['relpersistence'] === 't')
    return {
      ...where,
      problem: 'It is temporary: no other session sees it.',
      cure: 'Make it a table that stays.',
    }
  return null
}

function refuse(problems: DatabaseProblem[]): void {
  if (problems.length > 0) throw new LandfallError('database_invalid', { problems })
}

async function findTable(tx: Tx, table: ManifestTable): Promise<TextRow | null> {
  const [row] = await tx.query(
    `
    SELECT
      c.relkind::text,
      c.relpersistence::text,
      pg_has_role(c.relowner, 'USAGE')::text              AS owned,
      EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = c.oid AND c.relkind = 'r')::text AS inherited,
      EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid)::text                  AS child,
      EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = c.oid)::text           AS subscribed,
      (SELECT array_agg(a.attname ORDER BY a.attname)::text
       FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
       WHERE i.indrelid = c.oid AND i.indisprimary)       AS key,
      (SELECT array_agg(k ORDER BY k COLLATE "C")::name[]::text FROM unnest($2::text[]) k) AS wanted_key
    FROM pg_class c
    WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
    [quoteTable(table), table.key],
  )
  return row ?? null
}

function tableProblems(table: ManifestTable, live: TextRow): DatabaseProblem[] {
  const name = quoteTable(table)
  const problems: DatabaseProblem[] = []
  if (live['key'] === null) {
    problems.push({ table: name, problem: 'It has no primary key.', cure: 'Add one.' })
  } else if (live['key'] !== live['wanted_key']) {
    const problem = `Its primary key is ${live['key']}, in the schema ${live['wanted_key']}.`
    problems.push({ table: name, problem, cure: 'Make the two agree.' })
  }
  if (live['inherited'] === 'true') {
    const cure = 'Use declarative partitioning, or sync the child tables.'
    problems.push({ table: name, problem: 'Other tables inherit from it.', cure })
  }
  if (live['owned'] !== 'true') {
    const problem = 'The role does not own it, so it may not put triggers on it.'
    problems.push({ table: name, problem, cure: 'Migrate as the owner of the table.' })
  }
  return problems
}

/** Of each column the first that is as in the live table, and the scopes by what is left. */
export async function fitToLive(tx: Tx, table: ManifestTable): Promise<ManifestTable> {
  const problems = await columnProblems(tx, table)
  const fitting = table.columns.filter((_, i) => problems[i] === null)
  const columns = fitting.filter(({ name }, i) => fitting.findIndex((other) => other.name === name) === i)
  const isThere = (name: string) => columns.some((column) => column.name === name)
  return { ...table, columns, scopes: table.scopes.filter((scope) => scopeColumns(scope).every(isThere)) }
}

/** For each column what is wrong with it, or null. */
async function columnProblems(tx: Tx, table: ManifestTable): Promise<(DatabaseProblem | null)[]> {
  const rows = await tx.query(
    `
    SELECT
      w.name, w.type AS wanted,
      format_type(a.atttypid, a.atttypmod) AS found,
      (to_regtype(w.type) = base.oid)::text AS fits
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS w(name, type, place)
    LEFT JOIN pg_attribute a
      ON a.attrelid = to_regclass($1) AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN LATERAL (
      -- A domain may be over another.
      WITH RECURSIVE under AS (
        SELECT t.oid, t.typtype, t.typbasetype FROM pg_type t WHERE t.oid = a.atttypid
        UNION ALL
        SELECT t.oid, t.typtype, t.typbasetype FROM under u JOIN pg_type t ON u.typtype = 'd' AND t.oid = u.typbasetype
      )
      SELECT oid FROM under WHERE typtype <> 'd'
    ) AS base ON true
    ORDER BY w.place`,
    [quoteTable(table), table.columns.map((c) => c.name), table.columns.map((c) => c.type.sql)],
  )
  return rows.map(({ name, wanted, found, fits }) => {
    const where = { table: quoteTable(table), column: name ?? '' }
    if (found === null) return { ...where, problem: 'It does not exist.', cure: 'Run your migrations first.' }
    if (fits === 'true') return null
    return {
      ...where,
      problem: `Its type is ${found}, in the schema ${wanted}.`,
      cure: 'Make the two agree.',
    }
  })
}

/** All partitions on all levels, as quoted names. Foreign ones are left out: they take no triggers. */
export async function findPartitions(tx: Tx, table: ManifestTable): Promise<string[]> {
  const rows = await tx.query(
    `
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_partition_tree(to_regclass($1)) p
    JOIN pg_class c ON c.oid = p.relid AND c.relkind IN ('r', 'p')
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE p.level > 0
    ORDER BY 1`,
    [quoteTable(table)],
  )
  return rows.map((row) => row['name'] ?? '')
}
