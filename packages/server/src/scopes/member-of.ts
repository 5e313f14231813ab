/**
 * `memberOf`: who holds a scope is what a table of memberships says.
 *
 * SQL with its table named, evaluated inside each request's own snapshot like any holder's.
 */
import { readColumnType } from '@landfall/schema/internal'
import { type SQL, sql } from 'drizzle-orm'
import { getTableColumns } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { NamedHolder } from '../context.ts'
import { castType } from '../sql/row-columns.ts'

/** Which columns of a table of memberships hold what. */
export type MemberColumns<Table extends PgTable> = {
  /** The column that holds the user's id. */
  user: (columns: Table['_']['columns']) => PgColumn
  /** The column that holds the scope's key. */
  key: (columns: Table['_']['columns']) => PgColumn
}

/**
 * A scope whose holders are listed in a table: each row gives a user a key. The table need not be synced.
 *
 * ```ts
 * holders: { project: memberOf(members, { user: (m) => m.userId, key: (m) => m.projectId }) }
 * ```
 */
export function memberOf<Table extends PgTable>(
  table: Table,
  { user, key }: MemberColumns<Table>,
): NamedHolder {
  const columns: Table['_']['columns'] = getTableColumns(table)
  const [userColumn, keyColumn] = [user(columns), key(columns)]
  return {
    reads: [table],
    keys: ({ userId }) =>
      sql`select ${keyColumn} from ${table} where ${userColumn} = ${userId}${cast(userColumn)}`,
  }
}

function cast(column: PgColumn): SQL {
  const type = readColumnType(column)
  return sql.raw(type === null ? '' : `::text::${castType(type)}`)
}
