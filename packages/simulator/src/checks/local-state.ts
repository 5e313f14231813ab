/** What a device's database holds, read past the engine, in the words of Postgres: base, visible rows, outbox. */
import {
  type ChangeBlock,
  encodeKey,
  type Manifest,
  type ManifestTable,
  type ScopeKey,
  type WireRow,
} from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import { codecFor, quoteIdentifier } from '@landfall/schema/internal'
import type { SqliteDriver } from '@landfall/engine'

export type LocalRows = ReadonlyMap<string, WireRow>

export type LocalTable = {
  table: ManifestTable
  visible: LocalRows
  /** The server's rows as this device knows them. */
  base: LocalRows
}

export type Pending = { number: number; changes: ChangeBlock[] }

export type LocalState = {
  client: string
  snapshot: string | null
  history: string | null
  acknowledged: number
  nextNumber: number
  loadingAgain: boolean
  scopes: { scope: ScopeKey; ready: boolean }[]
}

export function readLocalState(driver: SqliteDriver): LocalState {
  const [row = []] = driver
    .prepare('SELECT client, snapshot, history, acknowledged, next_number, loading_again FROM landfall_state')
    .all([])
  const [client, snapshot, history, acknowledged, nextNumber, loadingAgain] = row
  const scopes = driver.prepare('SELECT scope, ready FROM landfall_scopes ORDER BY scope').all([])
  return {
    client: String(client),
    snapshot: typeof snapshot === 'string' ? snapshot : null,
    history: typeof history === 'string' ? history : null,
    acknowledged: Number(acknowledged),
    nextNumber: Number(nextNumber),
    loadingAgain: loadingAgain === 1,
    scopes: scopes.map(([scope, ready]) => ({ scope: String(scope) as ScopeKey, ready: ready === 1 })),
  }
}

/** Everything that the server knows about is here, and exact. */
export function isComplete(state: LocalState): boolean {
  return state.snapshot !== null && !state.loadingAgain && state.scopes.every(({ ready }) => ready)
}

/** Tables with a mark that is not answered, or not captured as far as the device knows. */
export function readGaps(driver: SqliteDriver): string[] {
  return driver
    .prepare('SELECT table_name FROM landfall_gaps')
    .all([])
    .map(([table]) => String(table))
}

export function readOutbox(driver: SqliteDriver): Pending[] {
  return driver
    .prepare('SELECT number, changes FROM landfall_outbox ORDER BY number')
    .all([])
    .map(([number, changes]) => ({
      number: Number(number),
      changes: JSON.parse(String(changes)) as ChangeBlock[],
    }))
}

export function readLocalTables(driver: SqliteDriver, manifest: Manifest): LocalTable[] {
  return manifest.tables.map((table) => readLocalTable(driver, table))
}

function readLocalTable(driver: SqliteDriver, table: ManifestTable): LocalTable {
  const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const visible = rowsByKey(
    table,
    driver.prepare(`SELECT ${columns} FROM ${quoteIdentifier(table.name)}`).all([]),
  )
  const name = quoteIdentifier(`landfall_base_${table.name}`)
  const stored = driver.prepare(`SELECT ${columns}, landfall_existed FROM ${name}`).all([])
  const base = new Map(visible)
  for (const row of stored) {
    const existed = row.pop()
    const [[key, wire] = ['', []]] = rowsByKey(table, [row])
    if (existed === 1) base.set(key, wire)
    else base.delete(key)
  }
  return { table, visible, base }
}

function rowsByKey(table: ManifestTable, rows: SqliteValue[][]): Map<string, WireRow> {
  const codecs = codecsOf(table)
  const places = table.key.map((name) => table.columns.findIndex((column) => column.name === name))
  return new Map(
    rows.map((row) => {
      const wire = codecs.map((codec, c) => (row[c] === null ? null : codec.toWire(row[c] ?? null)))
      return [encodeKey(places.map((place) => wire[place] ?? null)), wire]
    }),
  )
}

const codecs = new WeakMap<ManifestTable, ReturnType<typeof codecFor>[]>()

function codecsOf(table: ManifestTable): ReturnType<typeof codecFor>[] {
  const known = codecs.get(table) ?? table.columns.map(({ type }) => codecFor(type))
  codecs.set(table, known)
  return known
}
