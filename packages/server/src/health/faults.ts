/**
 * What is wrong with the server's own standing in Postgres, as the catalog has it now: a table, column or right that its
 * statements need is not there, or a policy hides rows from it (P17.5, P17.6).
 *
 * Asked by the health check, and by a push before it books an error on a user. The catalog is read by names, since the
 * functions that take a relation as text fail where the right to look into its schema is missing.
 */
import { getTableName } from 'drizzle-orm'
import { getTableConfig } from 'drizzle-orm/pg-core'
import type { ServerContext } from '../context.ts'
import type { TextRow, Tx } from '../database/database.ts'
import { readHiddenTables } from '../database/row-security.ts'
import { grantStatement, type Privilege, runtimePrivileges } from './privileges.ts'

/** What is wrong, and what to do; `table` where it is about one. */
export type HealthProblem = {
  /** What is wrong. */
  problem: string
  /** What to do: where a right is missing, the GRANT. */
  cure: string
  /** The table, with its schema, where it is about one. */
  table?: string
}

/** Thrown where the server cannot go on for reasons of its own: told to callers as `server_misconfigured`. */
export class ServerFault extends Error {
  readonly problems: readonly HealthProblem[]

  constructor(problems: readonly HealthProblem[], cause?: unknown) {
    super(problems.map(({ problem, cure }) => `${problem} ${cure}`).join('\n'), { cause })
    this.name = 'ServerFault'
    this.problems = problems
  }
}

type Standing = Pick<ServerContext, 'sync' | 'holders' | 'bookkeeping'>

export async function readFaults(tx: Tx, { sync, holders, bookkeeping }: Standing): Promise<HealthProblem[]> {
  const { tables } = sync.manifest
  const reads = Object.values(holders)
    .flatMap((holder) => (typeof holder === 'function' ? [] : holder.reads))
    .map((table) => ({ schema: getTableConfig(table).schema ?? 'public', name: getTableName(table) }))
  const asked = runtimePrivileges({ tables, reads, schema: bookkeeping.schema })
  const names = [...tables, ...reads].map(({ schema, name }) => ({ schema, name }))
  return [
    ...(await readMissing(tx, asked)),
    ...(await readSequences(
      tx,
      tables.filter(({ write }) => write.length > 0),
    )),
    ...(await readHiddenTables(tx, names)),
  ]
}

async function readMissing(tx: Tx, asked: readonly Privilege[]): Promise<HealthProblem[]> {
  const rows = await tx.query(MISSING, [
    JSON.stringify(asked.map((privilege, place) => ({ ...privilege, place }))),
  ])
  return rows.flatMap((row) => {
    const privilege = asked[Number(row['place'])]
    return privilege === undefined ? [] : [told(privilege, row)]
  })
}

/** Those of the list that the role has not, or whose object is not there. */
const MISSING = `
  SELECT a.place::text AS place, a.there::text AS there, a.lost, current_user::text AS role
  FROM (
    SELECT a.place,
      CASE a.kind WHEN 'schema' THEN n.oid WHEN 'function' THEN f.oid ELSE c.oid END IS NOT NULL AS there,
      (SELECT string_agg(w.name, ', ') FROM unnest(a.columns) AS w(name)
       WHERE NOT EXISTS (SELECT FROM pg_attribute t
                         WHERE t.attrelid = c.oid AND t.attname = w.name AND t.attnum > 0)) AS lost,
      CASE
        WHEN a.kind = 'schema' THEN has_schema_privilege(n.oid, a.privilege)
        WHEN a.kind = 'function' THEN has_function_privilege(f.oid, a.privilege)
        WHEN a.kind = 'sequence' THEN has_sequence_privilege(c.oid, a.privilege)
        WHEN a.columns IS NULL THEN has_table_privilege(c.oid, a.privilege)
        ELSE (SELECT bool_and(has_column_privilege(c.oid, t.attnum, a.privilege)) FROM pg_attribute t
              WHERE t.attrelid = c.oid AND t.attname = ANY (a.columns) AND t.attnum > 0)
      END AS granted
    FROM json_to_recordset($1::json)
      AS a(place int, kind text, schema text, name text, privilege text, columns text[])
    LEFT JOIN pg_namespace n ON n.nspname = a.schema
    LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = a.name AND a.kind IN ('table', 'sequence')
    LEFT JOIN pg_proc f ON f.pronamespace = n.oid AND f.proname = a.name AND a.kind = 'function'
  ) AS a
  WHERE NOT a.there OR a.lost IS NOT NULL OR a.granted IS NOT TRUE
  ORDER BY a.place`

function told(privilege: Privilege, { there, lost, role }: TextRow): HealthProblem {
  const { kind, schema, name } = privilege
  const object = kind === 'schema' ? schema : `${schema}.${name}`
  const table = kind === 'table' ? { table: object } : {}
  const cure = 'Run your migrations and migrateSync before the server starts.'
  if (there !== 'true') return { ...table, problem: `The ${kind} ${object} does not exist.`, cure }
  if (typeof lost === 'string')
    return { ...table, problem: `The ${kind} ${object} has no column ${lost}.`, cure }
  const on = privilege.columns === null ? '' : ' of every synced column'
  return {
    ...table,
    problem: `The role ${role} lacks ${privilege.privilege}${on} on the ${kind} ${object}.`,
    cure: grantStatement(privilege, role ?? ''),
  }
}

/** An insert that leaves a serial column out draws from its sequence. */
async function readSequences(
  tx: Tx,
  tables: readonly { schema: string; name: string }[],
): Promise<HealthProblem[]> {
  const rows = await tx.query(
    `
    SELECT DISTINCT w.schema || '.' || w.name AS table, sn.nspname AS schema, s.relname AS name, current_user::text AS role
    FROM json_to_recordset($1::json) AS w(schema text, name text)
    JOIN pg_namespace n ON n.nspname = w.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
    JOIN pg_attrdef d ON d.adrelid = c.oid
    JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_class'::regclass
    JOIN pg_class s ON s.oid = p.refobjid
    JOIN pg_namespace sn ON sn.oid = s.relnamespace
    WHERE CASE WHEN s.relkind = 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE') ELSE false END`,
    [JSON.stringify(tables.map(({ schema, name }) => ({ schema, name })))],
  )
  return rows.map(({ table, schema, name, role }) => ({
    table: table ?? '',
    problem: `The role ${role} lacks USAGE on the sequence ${schema}.${name}.`,
    cure: grantStatement(
      { kind: 'sequence', schema: schema ?? '', name: name ?? '', privilege: 'USAGE', columns: null },
      role ?? '',
    ),
  }))
}
