/**
 * The least rights: what migrating needs and what serving needs, as lists and as GRANT statements (P17.6).
 *
 * The role that migrates owns the synced tables (triggers are put on them) and the bookkeeping. The role that serves may
 * be another one: it needs no more than is listed here, whatever it reads and writes. Capture needs nothing of either,
 * nor of other programs: its functions run with the rights of the role that migrated. The health check asks for each of
 * the list (`faults.ts`), and names it.
 */
import type { ManifestTable } from '@landfall/protocol'
import type { SyncDefinition } from '@landfall/schema'
import { quoteIdentifier } from '@landfall/schema/internal'
import { bookkeepingIn } from '../log/bookkeeping.ts'

/** A right on one object; `columns`: only on these. */
export type Privilege = {
  kind: 'schema' | 'table' | 'sequence' | 'function'
  schema: string
  /** Of the table, sequence or function. */
  name: string
  privilege: 'USAGE' | 'CREATE' | 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'EXECUTE'
  columns: string[] | null
}

/** A table of Postgres. */
export type TableName = {
  /** The schema it stands in, such as `public`. */
  schema: string
  /** Its name, without quotes. */
  name: string
}

/** What the role that serves does with the bookkeeping. */
const BOOKKEEPING_RIGHTS: { [table: string]: Privilege['privilege'][] } = {
  changes: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  clients: ['SELECT', 'INSERT', 'UPDATE'],
  rejections: ['SELECT', 'INSERT'],
  deferrals: ['SELECT', 'INSERT', 'DELETE'],
  conflicts: ['SELECT', 'INSERT', 'DELETE'],
  history: ['SELECT', 'INSERT', 'DELETE'],
  captures: ['SELECT', 'UPDATE'],
  manifests: ['SELECT'],
}

/** The log's place, which a push reads. */
const SEQUENCE = 'changes_seq_seq'
const FUNCTIONS = ['running', 'xid_floor']

export type Served = {
  tables: readonly ManifestTable[]
  /** Tables that `holders` read, synced or not. */
  reads: readonly TableName[]
  /** The bookkeeping schema. */
  schema: string
}

/** What the role that a server connects as needs, besides USAGE of sequences that defaults of synced tables draw from. */
export function runtimePrivileges({ tables, reads, schema }: Served): Privilege[] {
  const on = (kind: Privilege['kind'], name: TableName, privilege: Privilege['privilege']): Privilege => ({
    kind,
    ...name,
    privilege,
    columns: null,
  })
  const schemas = new Set([
    schema,
    ...tables.map((table) => table.schema),
    ...reads.map((table) => table.schema),
  ])
  return [
    ...[...schemas].map((name) => on('schema', { schema: name, name: '' }, 'USAGE')),
    ...Object.entries(BOOKKEEPING_RIGHTS).flatMap(([name, rights]) =>
      rights.map((right) => on('table', { schema, name }, right)),
    ),
    on('sequence', { schema, name: SEQUENCE }, 'SELECT'),
    ...FUNCTIONS.map((name) => on('function', { schema, name }, 'EXECUTE')),
    ...tables.flatMap(tablePrivileges),
    ...reads.map(({ schema: its, name }) => on('table', { schema: its, name }, 'SELECT')),
  ]
}

/** Of excluded columns nothing, of read-only ones no more than to read them; rows are locked before they are deleted. */
function tablePrivileges({ schema, name, columns, key, write }: ManifestTable): Privilege[] {
  const all = columns.map((column) => column.name)
  const given = columns.filter((column) => !column.readonly || key.includes(column.name)).map((c) => c.name)
  const on = (privilege: Privilege['privilege'], its: string[] | null): Privilege => ({
    kind: 'table',
    schema,
    name,
    privilege,
    columns: its,
  })
  if (write.length === 0) return [on('SELECT', all)]
  return [on('SELECT', all), on('INSERT', given), on('UPDATE', given), on('DELETE', null)]
}

/** `GRANT UPDATE ("title") ON TABLE "public"."items" TO "app"` */
export function grantStatement({ kind, schema, name, privilege, columns }: Privilege, role: string): string {
  const to = `TO ${quoteIdentifier(role)}`
  if (kind === 'schema') return `GRANT ${privilege} ON SCHEMA ${quoteIdentifier(schema)} ${to}`
  const list = columns === null ? '' : ` (${columns.map(quoteIdentifier).join(', ')})`
  const object = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
  return `GRANT ${privilege}${list} ON ${kind.toUpperCase()} ${object} ${to}`
}

/** Whom to grant what the server needs. */
export type GrantOptions = {
  /** The role that the server connects as. */
  role: string
  /** The bookkeeping schema: `landfall` unless told. */
  schema?: string
  /** Tables that `holders` read and that are not synced: `{ schema, name }`. */
  reads?: readonly TableName[]
}

/** What the owner of tables and bookkeeping runs, after migrateSync, so that another role may serve. */
export function runtimeGrants(
  sync: Pick<SyncDefinition, 'manifest'>,
  { role, schema, reads = [] }: GrantOptions,
): string[] {
  const served = { tables: sync.manifest.tables, reads, schema: bookkeepingIn(schema).schema }
  return runtimePrivileges(served).map((privilege) => grantStatement(privilege, role))
}

/** What a DBA runs so that the owner of the tables may migrate without CREATE on the database. */
export function migrationGrants({ role, schema }: Omit<GrantOptions, 'reads'>): string[] {
  const its = bookkeepingIn(schema).schema
  const on = (privilege: 'USAGE' | 'CREATE') =>
    grantStatement({ kind: 'schema', schema: its, name: '', privilege, columns: null }, role)
  return [`CREATE SCHEMA ${quoteIdentifier(its)}`, on('USAGE'), on('CREATE')]
}
