/**
 * The types around `defineSync`: what is handed in, and the definition that both sides share.
 *
 * Names in the input are Drizzle's property names, names in the manifest are Postgres'. The types follow the tables,
 * so that a wrong table, column or scope is a type error where it is written.
 */
import type { Manifest, PolicyName, WireValue } from '@landfall/protocol'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { SQLiteColumn, SQLiteTableWithColumns } from 'drizzle-orm/sqlite-core'

export type PgTables = { [name: string]: PgTable }

type Columns<Table extends PgTable> = Table['_']['columns']
type ColumnName<Table extends PgTable> = keyof Columns<Table> & string

/** For each table of a scope: the column that holds the scope's key, or `true` for every row, read-only. */
export type ScopeTables<Tables extends PgTables> = {
  [Name in keyof Tables]?:
    | true
    | ((columns: Columns<Tables[Name]>) => Columns<Tables[Name]>[ColumnName<Tables[Name]>])
}

/** For tables in several scopes: the scope whose holders may write, or a list that must all be held; `false`: nobody. */
export type WriteRules<Tables extends PgTables, Scope extends string> = {
  [Name in keyof Tables]?: Scope | readonly Scope[] | false
}

export type ColumnRules<Tables extends PgTables> = {
  [Name in keyof Tables]?: {
    /** Columns that are not synced at all: they stay in Postgres. */
    exclude?: readonly ColumnName<Tables[Name]>[]
    /** Columns that clients have but may not write. */
    readonly?: readonly ColumnName<Tables[Name]>[]
  }
}

/** A conflict of one column, as a custom policy sees it, and what it makes of it. Runs on the server. */
export type CustomPolicy<Value> = (conflict: {
  base: Value | null
  mine: Value | null
  theirs: Value | null
}) => Value | null

export type ConflictRules<Tables extends PgTables> = {
  [Name in keyof Tables]?: {
    [Column in ColumnName<Tables[Name]>]?:
      | PolicyName
      | CustomPolicy<Columns<Tables[Name]>[Column]['_']['data']>
  } & {
    /** For all columns not named. Without it: `last-write`. */
    '*'?: PolicyName
  }
}

export type SyncInput<Tables extends PgTables, Scope extends string, Rules extends ColumnRules<Tables>> = {
  /** Drizzle `pgTable`s, as they are. */
  tables: Tables
  /** Scope name -> table -> the column that holds the scope's key. Every table stands in at least one. */
  scopes: { [Name in Scope]: ScopeTables<Tables> }
  /**
   * Which scope gives the right to write a table: needed where a table has a key column in several. A list: all of them
   * must be held, and NULL names none. Who names one of several lets its holders place rows in the others, too.
   * `false`: clients only read the table.
   */
  write?: WriteRules<Tables, NoInfer<Scope>>
  columns?: Rules & { [Name in Exclude<keyof Rules, keyof Tables>]: never }
  /** What to do when both sides changed the same column. */
  conflicts?: ConflictRules<Tables>
}

/** A custom policy on wire values, as the server calls it. */
export type WirePolicy = (conflict: { base: WireValue; mine: WireValue; theirs: WireValue }) => WireValue

/** Custom policies by Postgres table and column name; the manifest says `custom` for exactly these. */
export type WirePolicies = { [table: string]: { [column: string]: WirePolicy } }

/** What `defineSync` gives. `SyncDefinition` without arguments is any of them. */
export type SyncDefinition<
  Tables extends PgTables = PgTables,
  Scope extends string = string,
  Sqlite = { [name: string]: unknown },
> = {
  /** What both sides must agree on, as plain data. */
  manifest: Manifest
  /** The Drizzle Postgres tables. */
  tables: Tables
  /** The same tables for Drizzle over the mirror: same properties, same TypeScript types. */
  sqlite: Sqlite
  scopes: readonly Scope[]
  policies: WirePolicies
}

export type MirrorTables<Tables extends PgTables, Rules> = {
  [Name in keyof Tables]: MirrorTable<Tables[Name], Name extends keyof Rules ? Rules[Name] : object>
}

type Listed<Rule, Key extends 'exclude' | 'readonly'> = Rule extends { [K in Key]: readonly (infer Name)[] }
  ? Name
  : never

export type MirrorTable<Table extends PgTable, Rule> = SQLiteTableWithColumns<{
  name: Table['_']['name']
  schema: undefined
  dialect: 'sqlite'
  columns: {
    [Name in keyof Columns<Table> as Name extends Listed<Rule, 'exclude'> ? never : Name]: MirrorColumn<
      Columns<Table>[Name],
      Name extends Listed<Rule, 'readonly'> ? true : Columns<Table>[Name]['_']['hasDefault']
    >
  }
}>

type MirrorColumn<Column extends PgColumn, HasDefault extends boolean> = SQLiteColumn<{
  name: Column['_']['name']
  tableName: Column['_']['tableName']
  dataType: 'custom'
  columnType: 'SQLiteCustomColumn'
  data: Column['_']['data']
  driverParam: unknown
  notNull: Column['_']['notNull']
  hasDefault: HasDefault
  isPrimaryKey: Column['_']['isPrimaryKey']
  isAutoincrement: false
  hasRuntimeDefault: Column['_']['hasRuntimeDefault']
  enumValues: undefined
  generated: Column['_']['generated']
  identity: Column['_']['identity']
}>
