/**
 * The manifest: the description of the synced tables that both sides must agree on, as plain data.
 *
 * `defineSync` derives it from the Drizzle schema; the client builds its mirror from it, the server its triggers
 * and statements. Its hash travels with every request, so that two sides built from different schemas refuse
 * each other instead of misreading columns by position. It holds no functions and no Drizzle objects.
 */
import type { Policy } from './policy.ts'

/** What a column holds, by how its values are stored and checked; `sql` is the exact Postgres type to cast to. */
export type ColumnType = {
  kind: ColumnKind
  /** The Postgres type as it is written in a cast: `numeric(10,2)`, `"public"."status"`, `text[]`. */
  sql: string
  /** True for a one- or more-dimensional array of `kind`; its value is the Postgres array literal. */
  array: boolean
  /** For enums: the labels, in order. */
  labels?: string[]
  /** For varchar and char: the most characters. */
  length?: number
}

export type ColumnKind =
  | 'bool'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'float4'
  | 'float8'
  | 'numeric'
  | 'text'
  | 'varchar'
  | 'char'
  | 'uuid'
  | 'enum'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'interval'
  | 'json'
  | 'jsonb'
  | 'bytea'
  /** A type that travels as Postgres prints it, and that only Postgres checks: `inet`, `citext`, ranges. */
  | 'opaque'

export type ManifestColumn = {
  name: string
  type: ColumnType
  /** Whether Postgres takes NULL. */
  nullable: boolean
  /** Whether Postgres fills in a value when an insert leaves the column out (default, identity, generated). */
  hasDefault: boolean
  /** The default as SQLite writes it, where it is a constant or has an exact twin there; else null. */
  localDefault: string | null
  /** Clients may not write it: a local write of it is refused at commit. */
  readonly: boolean
  policy: Policy
}

/** How a row's scope is told: by its own column, or by a parent's. */
export type ManifestScope = ColumnScope | ParentScope

/** `column` null: every row of the table belongs to the scope, read-only (`true` in defineSync) or not (`shared()`). */
export type ColumnScope = { scope: string; column: string | null; through?: undefined }

/** The row is where its parent is. Without a parent it is in no scope. */
export type ParentScope = { scope: string; column?: undefined; through: ScopePath }

/** From the row to its parent, on to that one's, and there the column that holds the key. */
export type ScopePath = { hops: [ScopeHop, ...ScopeHop[]]; column: string; type: ColumnType }

/** `columns` of the row hold the primary key of a row of `table`, in the order of `key`. */
export type ScopeHop = { columns: string[]; schema: string; table: string; key: string[] }

export type ManifestTable = {
  /** Name in Postgres and of the mirror table. Unique over all Postgres schemas. */
  name: string
  /** Postgres schema, usually `public`. */
  schema: string
  /** Names of the primary key's columns, in key order. They are never excluded. */
  key: string[]
  /** The synced columns, in a fixed order: rows travel in this order. */
  columns: ManifestColumn[]
  scopes: ManifestScope[]
  /** Names of the scopes that must all be held to write a row; empty: clients only read the table. */
  write: string[]
  /** Names of synced tables this one's foreign keys point to (itself left out). */
  parents: string[]
  /**
   * Names of the columns outside of the key that stand in unique indexes, their predicates and expressions, and foreign
   * keys: what they hold between the first and the last statement of a transaction can decide whether Postgres takes it.
   */
  constrained: string[]
  /** Columns of the mirror's secondary indexes. Not part of the hash: an index changes no meaning. */
  indexes: string[][]
}

/** What is synced, as both sides agree on it: plain data that an app only passes on. @internal */
export type Manifest = {
  /** Parents before children wherever the foreign keys allow it. */
  tables: ManifestTable[]
  /** `hashManifest` of the tables. */
  hash: string
}

/** FNV-1a over UTF-16 units, 64 bits, of canonical JSON without the indexes. Two schemas collide once in 2^64; it guards against mistakes, not attacks. */
export function hashManifest(tables: ManifestTable[]): string {
  let hash = 0xcbf29ce484222325n
  const text = canonicalJson(tables.map((table) => ({ ...table, indexes: undefined })))
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n)
  }
  return hash.toString(16).padStart(16, '0')
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, v]) => v !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`
}
