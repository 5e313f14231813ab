/**
 * The types around `defineSync`: its input, and the definition that both sides share.
 *
 * Names in the input are Drizzle's property names, names in the manifest are Postgres'. The types follow the tables,
 * so that a wrong table, column or scope is a type error where it is written.
 */
import type { Manifest, PolicyName, WireValue } from '@landfall/protocol'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { SharedScope, ThroughScope } from './scope-rules.ts'
import type { SQLiteColumn, SQLiteTableWithColumns } from 'drizzle-orm/sqlite-core'

/** Drizzle tables by the names that scopes and rules call them by. */
export type PgTables = { [name: string]: PgTable }

type Columns<Table extends PgTable> = Table['_']['columns']
type ColumnName<Table extends PgTable> = keyof Columns<Table> & string

/**
 * For each table of a scope: the column that holds the scope's key, `through()` a parent, or every row: `true` read-only,
 * `shared()` writable.
 */
export type ScopeTables<Tables extends PgTables> = {
  [Name in keyof Tables]?:
    | true
    | SharedScope
    | ((columns: Columns<Tables[Name]>) => Columns<Tables[Name]>[ColumnName<Tables[Name]>] | ThroughScope)
}

/** For tables in several scopes: the scope whose holders may write, or a list that must all be held; `false`: nobody. */
export type WriteRules<Tables extends PgTables, Scope extends string> = {
  [Name in keyof Tables]?: Scope | readonly Scope[] | false
}

/** By table: what of it clients do not get, or do not write. Drizzle's property names. */
export type ColumnRules<Tables extends PgTables> = {
  [Name in keyof Tables]?: {
    /** Columns that stay in Postgres: no client ever gets them. They need a default, or to be nullable. */
    exclude?: readonly ColumnName<Tables[Name]>[]
    /** Columns that clients get and may not write: `readonly_column` at the local commit. */
    readonly?: readonly ColumnName<Tables[Name]>[]
  }
}

/** What a conflict of one column is about, decoded. */
export type ColumnConflict<Value> = {
  /** What the pushing client had seen. */
  base: Value | null
  /** What it wrote. */
  mine: Value | null
  /** What Postgres has meanwhile. */
  theirs: Value | null
}

/**
 * Decides a column's conflict: what it returns is written, and a value that loses is kept. Runs on the server, inside
 * the push; keep it pure. Where it throws, the conflict waits for a person, as with `review`.
 */
export type CustomPolicy<Value> = (conflict: ColumnConflict<Value>) => Value | null

/** By table and column: what decides when two sides have changed the same column, neither having seen the other. */
export type ConflictRules<Tables extends PgTables> = {
  [Name in keyof Tables]?: {
    [Column in ColumnName<Tables[Name]>]?:
      | PolicyName
      | CustomPolicy<Columns<Tables[Name]>[Column]['_']['data']>
  } & {
    /** For all columns not named; `last-write` unless told. */
    '*'?: PolicyName
  }
}

/** What `defineSync` takes. A wrong name is a type error where it is written. */
export type SyncInput<Tables extends PgTables, Scope extends string, Rules extends ColumnRules<Tables>> = {
  /** Names the app: one bookkeeping schema in Postgres serves the versions of one app. `app` unless told. */
  name?: string
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
  /** Columns that clients do not get, or may not write. By default they get and write all. */
  columns?: Rules & { [Name in Exclude<keyof Rules, keyof Tables>]: never }
  /** What decides when both sides changed the same column; `last-write` unless told. */
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
  /** The app's name, `app` unless told. Both sides may differ in it: it says whose the bookkeeping is. */
  name: string
  /** What both sides must agree on, as plain data, with its hash. @internal */
  manifest: Manifest
  /** The Drizzle Postgres tables. */
  tables: Tables
  /** The same tables for Drizzle over the local database (`db.drizzle`): same properties, same TypeScript types. */
  sqlite: Sqlite
  /** The names of the scopes. */
  scopes: readonly Scope[]
  /** The custom policies, on wire values. @internal */
  policies: WirePolicies
}

/** The Drizzle tables of the local database, by the same names. */
export type MirrorTables<Tables extends PgTables, Rules> = {
  [Name in keyof Tables]: MirrorTable<Tables[Name], Name extends keyof Rules ? Rules[Name] : object>
}

type Listed<Rule, Key extends 'exclude' | 'readonly'> = Rule extends { [K in Key]: readonly (infer Name)[] }
  ? Name
  : never

/**
 * A Drizzle table of the local database: the columns of the Postgres table, without excluded ones. Read-only columns
 * count as having a default, so that an insert may leave them out.
 */
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
