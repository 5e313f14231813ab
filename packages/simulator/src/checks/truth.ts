/**
 * All synced rows as one snapshot of Postgres has them, read past all of the server's code: the truth of the checkers.
 *
 * A snapshot's text names a state exactly (the same transactions are visible in it), so each state is read once however
 * many pulls see it. Which scopes a user holds is worked out here, too, from the app's own SQL.
 */
import {
  encodeKey,
  encodeScopeKey,
  type Manifest,
  type ManifestTable,
  type ScopeKey,
  type WireRow,
} from '@landfall/protocol'
import { quoteIdentifier, quoteTable } from '@landfall/schema/internal'
import type { HolderKeys, Holders, Tx } from '@landfall/server'
import { PgDialect } from 'drizzle-orm/pg-core'

export type TableRows = {
  table: ManifestTable
  /** By `encodeKey` of the primary key; columns in manifest order. */
  rows: ReadonlyMap<string, WireRow>
}

/** By table name. */
export type RowSet = ReadonlyMap<string, TableRows>

export type Truth = {
  snapshot: string
  rows: RowSet
  /** By user. */
  held: ReadonlyMap<string, ReadonlySet<ScopeKey>>
}

export type TruthReader = {
  /** The state that the transaction sees. */
  read(tx: Tx): Promise<Truth>
  /** The states read before that a cursor of this snapshot may mean, the newest first. */
  at(snapshot: string): Truth[]
  /** Postgres was restored: from now on the same snapshots name other states, beside those that they have named. */
  beginEra(): void
}

export type TruthOptions = { manifest: () => Manifest; holders: Holders; users: readonly string[] }

export function createTruthReader(options: TruthOptions): TruthReader {
  const eras = [new Map<string, Truth>()]
  return {
    async read(tx) {
      const [row] = await tx.query('SELECT pg_current_snapshot()::text AS snapshot')
      const snapshot = row?.['snapshot'] ?? ''
      const [known = new Map<string, Truth>()] = eras
      const found = known.get(snapshot)
      if (found !== undefined) return found
      const truth: Truth = {
        snapshot,
        rows: await readRows(tx, options.manifest()),
        held: await readHeld(tx, options),
      }
      known.set(snapshot, truth)
      return truth
    },
    at: (snapshot) => eras.flatMap((known) => known.get(snapshot) ?? []),
    beginEra: () => void eras.unshift(new Map()),
  }
}

/** The rows as the open transaction sees them, its own writes included. */
export async function readRows(tx: Tx, { tables }: Manifest): Promise<RowSet> {
  const columns = tables.map((table, i) => {
    const texts = table.columns.map(({ name }) => `${quoteIdentifier(name)}::text`)
    return `(SELECT coalesce(json_agg(to_json(ARRAY[${texts.join(', ')}])), '[]') FROM ${quoteTable(table)})::text AS t${i}`
  })
  const [row] = await tx.query(`SELECT ${columns.join(',\n')}`)
  return new Map(
    tables.map((table, i) => {
      const rows = JSON.parse(row?.[`t${i}`] ?? '[]') as WireRow[]
      return [table.name, { table, rows: new Map(rows.map((each) => [keyOf(table, each), each])) }]
    }),
  )
}

export function keyOf(table: ManifestTable, row: WireRow): string {
  return encodeKey(table.key.map((name) => row[table.columns.findIndex((c) => c.name === name)] ?? null))
}

/** The scopes that a row is in. */
export function scopesOfRow(table: ManifestTable, row: WireRow): ScopeKey[] {
  return table.scopes.flatMap(({ scope, column }) => {
    if (column === null) return [encodeScopeKey(scope, '')]
    const key = row[table.columns.findIndex(({ name }) => name === column)] ?? null
    return key === null ? [] : [encodeScopeKey(scope, key)]
  })
}

const dialect = new PgDialect()

async function readHeld(tx: Tx, { manifest, holders, users }: TruthOptions): Promise<Truth['held']> {
  const open = openScopes(manifest())
  const held = new Map<string, Set<ScopeKey>>()
  for (const user of users) {
    const keys = new Set(open)
    for (const [scope, holder] of Object.entries(holders)) {
      const ask = typeof holder === 'function' ? holder : holder.keys
      for (const key of await keysOf(tx, await ask({ userId: user }))) keys.add(encodeScopeKey(scope, key))
    }
    held.set(user, keys)
  }
  return held
}

async function keysOf(tx: Tx, answer: HolderKeys): Promise<string[]> {
  if (Array.isArray(answer)) return answer as string[] // `isArray` does not narrow readonly arrays
  const { sql, params } = dialect.sqlToQuery((answer as Exclude<typeof answer, readonly string[]>).getSQL())
  const rows = await tx.query(`SELECT h.key::text AS key FROM (${sql}) AS h(key)`, params.map(String))
  return rows.flatMap(({ key }) => (typeof key === 'string' ? [key] : []))
}

function openScopes({ tables }: Manifest): ScopeKey[] {
  const names = tables.flatMap(({ scopes }) =>
    scopes.flatMap(({ scope, column }) => (column === null ? [scope] : [])),
  )
  return [...new Set(names)].map((name) => encodeScopeKey(name, ''))
}
