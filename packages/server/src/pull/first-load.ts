/**
 * First load: one page of a scope's rows, by primary key.
 *
 * Each page is its own short snapshot, in which the user must hold the scope. Pages follow the primary key's own order,
 * which its index serves and which is total whatever the collation. A page ends after so many rows or bytes, and goes
 * on into the next table when there is room. Postgres builds the JSON and this module only joins the texts, since
 * parsing and printing it again would cost as much as all the rest.
 */
import {
  type ColumnType,
  type PagePosition,
  type FirstLoadRequest,
  decodeScopeKey,
  LandfallError,
  type Manifest,
  type ManifestTable,
  type UserId,
} from '@landfall/protocol'
import { quoteIdentifier, quoteTable } from '@landfall/schema/internal'
import type { ServerContext } from '../context.ts'
import { PostgresError, type TransactionOptions, type Tx } from '../database/database.ts'
import { prepareHolders, readHeldScopes } from '../scopes/holders.ts'
import { inScope } from '../sql/scope-sql.ts'
import {
  type Bind,
  bytesOfRow,
  castType,
  columnBlock,
  columnOf,
  createBinder,
  keyColumns,
  textColumns,
} from '../sql/row-columns.ts'

const SNAPSHOT: TransactionOptions = { isolation: 'repeatable read', readOnly: true }

/** A `FirstLoadPage` as JSON text. */
export async function handleFirstLoad(
  context: ServerContext,
  request: FirstLoadRequest,
  user: UserId,
): Promise<string> {
  const holders = await prepareHolders(context, user)
  try {
    return await context.database.transaction(SNAPSHOT, async (tx) => {
      const held = await readHeldScopes(tx, holders, context.limits.scopes)
      if (!held.includes(request.scope)) throw new LandfallError('scope_not_held', { scope: request.scope })
      return readPage(tx, context, request)
    })
  } catch (error) {
    const isData = error instanceof PostgresError && error.sqlstate.startsWith('22')
    // The device names the key after which it goes on; the scope's own key is one of its column's type.
    if (isData && request.position?.after) throw new LandfallError('bad_request', { what: 'position' })
    throw error
  }
}

async function readPage(tx: Tx, context: ServerContext, request: FirstLoadRequest): Promise<string> {
  const tables = tablesFrom(context.sync.manifest, request)
  const blocks: string[] = []
  let { pageRows, pageBytes } = context.limits
  for (const [i, table] of tables.entries()) {
    const after = i === 0 ? (request.position?.after ?? null) : null
    const page = await readTablePage(tx, table, { scope: request.scope, after, pageRows, pageBytes })
    if (page.count > 0) blocks.push(`{"table":${JSON.stringify(table.name)},"rows":${page.rows}}`)
    if (page.last !== null)
      return encodePage(blocks, `{"table":${JSON.stringify(table.name)},"after":${page.last}}`)
    pageRows -= page.count
    pageBytes -= page.bytes
    const next = tables[i + 1]
    if (next && (pageRows <= 0 || pageBytes <= 0)) {
      return encodePage(blocks, JSON.stringify({ table: next.name, after: null } satisfies PagePosition))
    }
  }
  return encodePage(blocks, null)
}

function encodePage(blocks: string[], next: string | null): string {
  return `{"blocks":[${blocks.join(',')}],"next":${next ?? 'null'}}`
}

/** The scope's tables, from the one the position names. */
function tablesFrom(manifest: Manifest, { scope, position }: FirstLoadRequest): ManifestTable[] {
  const name = decodeScopeKey(scope).scope
  const tables = manifest.tables.filter((table) => table.scopes.some((entry) => entry.scope === name))
  if (position === null) return tables
  const start = tables.findIndex((table) => table.name === position.table)
  const keyLength = tables[start]?.key.length
  const fits =
    position.after === null || (position.after.length === keyLength && !position.after.includes(null))
  if (start < 0 || !fits) throw new LandfallError('bad_request', { what: 'position' })
  return tables.slice(start)
}

type PageOptions = {
  scope: FirstLoadRequest['scope']
  after: readonly (string | null)[] | null
  pageRows: number
  pageBytes: number
}

type TablePage = {
  /** `WireColumns` as JSON. */
  rows: string
  count: number
  bytes: number
  /** The last key, as JSON, if more rows follow; else null. */
  last: string | null
}

async function readTablePage(tx: Tx, table: ManifestTable, options: PageOptions): Promise<TablePage> {
  const { params, bind } = createBinder()
  const order = table.key.map((name) => `t.${quoteIdentifier(name)}`)
  const limit = bind(options.pageBytes)
  const lastKey = table.key.map((name) => `json_agg(c${table.columns.indexOf(columnOf(table, name))}) -> -1`)
  // Sums and aggregates go over the rows in the order of the innermost query; sorting them again cost as much as they.
  const [row] = await tx.query(
    `
    SELECT
      ${columnBlock(table.columns.length)}::text   AS rows,
      count(*)::text                               AS count,
      coalesce(sum(bytes), 0)::text                AS bytes,
      (coalesce(sum(bytes), 0) >= ${limit}::bigint)::text AS is_full,
      json_build_array(${lastKey.join(', ')})::text AS last
    FROM (
      SELECT *, sum(bytes) OVER (ROWS UNBOUNDED PRECEDING) - bytes AS bytes_before
      FROM (
        SELECT *, ${bytesOfRow(table)} AS bytes
        FROM (
          SELECT ${textColumns(table)}
          FROM ${quoteTable(table)} t
          WHERE ${pageCondition(table, options, bind)}
          ORDER BY ${order.join(', ')}
          LIMIT ${bind(options.pageRows)}::bigint
        ) AS found
        OFFSET 0
      ) AS sized
    ) AS page
    WHERE bytes_before < ${limit}::bigint`,
    params,
  )
  const count = Number(row?.['count'])
  const more = row?.['is_full'] === 'true' || count >= options.pageRows
  return {
    rows: row?.['rows'] ?? '[]',
    count,
    bytes: Number(row?.['bytes']),
    last: more ? (row?.['last'] ?? null) : null,
  }
}

function pageCondition(table: ManifestTable, options: PageOptions, bind: Bind): string {
  const { scope, key } = decodeScopeKey(options.scope)
  const entry = table.scopes.find((each) => each.scope === scope)
  const isKey = (column: string, type: ColumnType): string => `${column} = ${bind(key)}::${castType(type)}`
  const held = entry === undefined ? 'false' : inScope(table, entry, isKey)
  if (options.after === null) return held
  const names = table.key.map((name) => `t.${quoteIdentifier(name)}`)
  const values = keyColumns(table).map((k, i) => `${bind(options.after?.[i] ?? null)}::${k.type.sql}`)
  return `${held} AND (${names.join(', ')}) > (${values.join(', ')})`
}
