/**
 * Somebody with a valid token and no manners: asks for pages of scopes that the user does not hold, and pushes changes
 * of rows that the user may not see. What comes of it is judged like everything else (P4): no row goes out, none changes.
 */
import {
  decodeScopeKey,
  type ManifestTable,
  PROTOCOL_HEADER,
  PROTOCOL_VERSION,
  SCHEMA_HEADER,
  type ScopeKey,
  type WireRow,
  type WireValue,
} from '@landfall/protocol'
import type { SeededRandom } from '@landfall/testkit'
import { readLocalState } from '../checks/local-state.ts'
import { scopesOfRow, type Truth } from '../checks/truth.ts'
import type { Stage } from './stage.ts'

export async function intrude(stage: Stage, user: string): Promise<void> {
  const truth = await stage.truthNow()
  const held = truth.held.get(user) ?? new Set<ScopeKey>()
  const others = new Set(
    [...truth.held.values()].flatMap((keys) => [...keys]).filter((key) => !held.has(key)),
  )
  stage.trace.tell('intruder', `as ${user}`, [...others].join(', '))
  const client = `intruder-${user}`
  const intrusions: Intrusion[] = [...others].map((scope) => ({
    user,
    path: '/bootstrap',
    message: { client, scope, position: null },
  }))
  const history = historyOf(stage)
  const changes = foreignWork(truth, held, stage.random)
  if (history !== null && changes !== null) {
    const number = stage.clock.now()
    const changesets = [{ number, hlc: `${BigInt(number) << 16n}`, label: null, changes: [changes] }]
    intrusions.push({ user, path: '/sync', message: { push: { client, history, changesets }, pull: null } })
  }
  void askAll(stage, intrusions)
}

/** Nobody waits for it: a server that tries a push again after a deadlock waits for virtual time. */
async function askAll(stage: Stage, intrusions: readonly Intrusion[]): Promise<void> {
  for (const one of intrusions) await ask(stage, one)
}

type Intrusion = { user: string; path: string; message: object }

async function ask(stage: Stage, { user, path, message }: Intrusion): Promise<void> {
  const headers = {
    authorization: `Bearer ${user}`,
    'content-type': 'application/json',
    [PROTOCOL_HEADER]: `${PROTOCOL_VERSION}`,
    [SCHEMA_HEADER]: stage.sync.manifest.hash,
  }
  const init = { method: 'POST', headers, body: JSON.stringify(message) }
  // A server that is away just now is no answer, either.
  await stage.handle('intruder', new Request(`https://landfall.test${path}`, init)).catch(() => {})
}

/** One that the servers know. */
function historyOf(stage: Stage): string | null {
  for (const { device } of stage.actors) {
    const history = device.alive ? readLocalState(device.driver).history : null
    if (history !== null) return history
  }
  return null
}

/** What a former member would send: an edit of a row in none of the scopes, its deletion, or its way into one of them. */
function foreignWork(truth: Truth, held: ReadonlySet<ScopeKey>, random: SeededRandom): object | null {
  const found = [...truth.rows.values()].flatMap(({ table, rows }) =>
    [...rows.values()].flatMap((row) => {
      const isForeign = !scopesOfRow(table, row).some((scope) => held.has(scope))
      const changes = isForeign ? [edited(table, row), deleted(table, row), pulledIn(table, row, held)] : []
      return changes.filter((change) => change !== null)
    }),
  )
  return found[random.below(Math.max(1, found.length))] ?? null
}

const keysOf = (table: ManifestTable, row: WireRow): WireValue[][] =>
  table.key.map((key) => [valueIn(table, row, key)])

function edited(table: ManifestTable, row: WireRow): object | null {
  const column = table.columns.find(
    ({ name, type }) => type.kind === 'text' && !type.array && isPlain(table, name),
  )
  return column === undefined ? null : changed(table, row, { column: column.name, value: 'intruded' })
}

function deleted(table: ManifestTable, row: WireRow): object {
  const columns = table.columns.map(({ name }) => name)
  const old = row.map((value) => [value])
  return { table: table.name, operation: 'delete', columns, keys: keysOf(table, row), old, new: [] }
}

function pulledIn(table: ManifestTable, row: WireRow, held: ReadonlySet<ScopeKey>): object | null {
  for (const { scope, column } of table.scopes) {
    const own = [...held].map(decodeScopeKey).find((each) => each.scope === scope)
    if (column !== null && own !== undefined && !table.key.includes(column))
      return changed(table, row, { column, value: own.key })
  }
  return null
}

function changed(
  table: ManifestTable,
  row: WireRow,
  { column, value }: { column: string; value: string },
): object {
  const old = [[valueIn(table, row, column)]]
  const keys = keysOf(table, row)
  return { table: table.name, operation: 'update', columns: [column], keys, old, new: [[value]] }
}

const isPlain = ({ key, scopes }: ManifestTable, name: string): boolean =>
  !key.includes(name) && scopes.every(({ column }) => column !== name)

const valueIn = ({ columns }: ManifestTable, row: WireRow, name: string): WireValue =>
  row[columns.findIndex((column) => column.name === name)] ?? null
