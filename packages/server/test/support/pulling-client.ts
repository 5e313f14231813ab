/**
 * A client reduced to what a pull means: rows in maps, patched as the protocol says. It asks over HTTP, goes through
 * first loads like a real one, and fails when a response breaks the protocol. Pushes and conflicts are others' business.
 */
import {
  type PagePosition,
  type FirstLoadPage,
  changesetNumber,
  clientId,
  type Cursor,
  encodeKey,
  type ErrorData,
  type Manifest,
  PROTOCOL_HEADER,
  PROTOCOL_VERSION,
  type PullResponse,
  rowAt,
  rowCount,
  SCHEMA_HEADER,
  type ScopeKey,
  type TablePatch,
  type WireColumns,
  type WireRow,
} from '@landfall/protocol'
import type { SyncServer } from '../../src/server.ts'

export type PullingClient = {
  readonly id: string
  cursor: Cursor | null
  scopes: ScopeKey[]
  /** Table -> encoded key -> row in manifest order. */
  readonly rows: Map<string, Map<string, WireRow>>
  /** One pull, applied. */
  pull(): Promise<PullResponse>
  /** Pulls, loads every gained scope page by page, and pulls again. */
  load(): Promise<PullResponse>
  ask(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  /** Rows of a table as sorted texts. */
  texts(table: string): string[]
}

/** `user` doubles as the token. */
export function createPullingClient(server: SyncServer, manifest: Manifest, user: string): PullingClient {
  const id = clientId(crypto.randomUUID())
  const rows = new Map(manifest.tables.map((table) => [table.name, new Map<string, WireRow>()]))

  const client: PullingClient = {
    id,
    cursor: null,
    scopes: [],
    rows,
    async ask(path, body, headers = {}) {
      return server.app.request(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: {
          authorization: `Bearer ${user}`,
          [PROTOCOL_HEADER]: `${PROTOCOL_VERSION}`,
          [SCHEMA_HEADER]: manifest.hash,
          ...headers,
        },
      })
    },
    async pull() {
      const acknowledged = changesetNumber(0)
      const request = { client: id, cursor: client.cursor, acknowledged, scopes: client.scopes }
      const response = await answer<PullResponse>(await client.ask('/pull', request))
      for (const patch of response.tables) applyPatch(manifest, rows, patch)
      client.cursor = response.cursor
      client.scopes = client.scopes.filter((scope) => !response.lost.includes(scope))
      return response
    },
    async load() {
      const first = await client.pull()
      for (const scope of first.gained) {
        client.scopes.push(scope)
        await loadScope(client, manifest, scope)
      }
      await client.pull()
      return first
    },
    texts: (table) => [...(rows.get(table)?.values() ?? [])].map((row) => row.join('|')).sort(),
  }
  return client
}

export async function answer<T>(response: Response): Promise<T> {
  const body = (await response.json()) as T | { error: ErrorData }
  if (!response.ok) throw new Error(JSON.stringify(body))
  return body as T
}

async function loadScope(client: PullingClient, manifest: Manifest, scope: ScopeKey): Promise<void> {
  let position: PagePosition | null = null
  do {
    const request = { client: client.id, scope, position }
    const page: FirstLoadPage = await answer<FirstLoadPage>(await client.ask('/bootstrap', request))
    for (const { table, rows } of page.blocks) putRows(manifest, client.rows, { table, rows })
    position = page.next
  } while (position !== null)
}

function applyPatch(manifest: Manifest, all: PullingClient['rows'], patch: TablePatch): void {
  const rows = all.get(patch.table)
  if (patch.truncated) rows?.clear()
  for (let i = 0; i < rowCount(patch.removed); i++) rows?.delete(encodeKey(rowAt(patch.removed, i)))
  putRows(manifest, all, patch)
}

function putRows(
  manifest: Manifest,
  all: PullingClient['rows'],
  block: { table: string; rows: WireColumns },
): void {
  const table = manifest.tables.find(({ name }) => name === block.table)
  const rows = all.get(block.table)
  if (!table || !rows) throw new Error(`unknown table ${block.table}`)
  if (block.rows.length !== table.columns.length)
    throw new Error(`wrong number of columns for ${block.table}`)
  const places = table.key.map((name) => table.columns.findIndex((column) => column.name === name))
  for (let i = 0; i < rowCount(block.rows); i++) {
    const row = rowAt(block.rows, i)
    rows.set(encodeKey(places.map((place) => row[place] ?? null)), row)
  }
}
