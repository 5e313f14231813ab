/**
 * Somebody with a valid token and no manners: asks for pages of scopes that the user does not hold, pushes changes of
 * rows that the user may not see, and memberships of its own, alone and with all that founds such a scope. What comes of it is judged like everything else (P4): no row goes out, none changes.
 */
import {
  decodeScopeKey,
  type Manifest,
  type ManifestTable,
  PROTOCOL_HEADER,
  PROTOCOL_VERSION,
  SCHEMA_HEADER,
  type ScopeKey,
  type WireRow,
  type WireValue,
} from '@landfall/protocol'
import type { SeededRandom } from '@landfall/testkit'
import type { FoundingRow } from '../plan/app.ts'
import { readLocalState } from '../checks/local-state.ts'
import { scopesOfRow, type Truth } from '../checks/truth.ts'
import type { Stage } from './stage.ts'

export async function intrude(stage: Stage, user: string): Promise<void> {
  const truth = await stage.truthNow()
  const held = truth.held.get(user) ?? new Set<ScopeKey>()
  for (const keys of truth.held.values()) for (const key of keys) stage.heldOnce.add(key)
  const others = new Set([...stage.heldOnce].filter((key) => !held.has(key)))
  stage.trace.tell('intruder', `as ${user}`, [...others].join(', '))
  const intrusions: Intrusion[] = [...others].map((scope) => ({
    user,
    path: '/bootstrap',
    message: { client: `intruder-${user}`, scope, position: null },
  }))
  const history = historyOf(stage)
  if (history !== null) {
    const push = pushing(stage, history)
    const gone = dissolved(stage, user)
    if (gone !== null) intrusions.push(...gone.works.map((work) => push(gone.founder, [work])))
    const ways = [foreignWork(truth, held, stage.random), ...waysIn(stage, user, [...others])]
    intrusions.push(push(user, [...ways, ...(gone === null ? [] : [gone.again])]))
  }
  void askAll(stage, intrusions)
}

/** Makes the requests that push these changesets for somebody. */
function pushing({ clock }: Stage, history: string): (user: string, works: readonly object[][]) => Intrusion {
  let number = clock.now()
  const hlc = `${BigInt(number) << 16n}`
  return (user, works) => {
    const changesets = works
      .filter((changes) => changes.length > 0)
      .map((changes) => ({ number: number++, hlc, label: null, changes }))
    const push = { client: `intruder-${user}`, history, moved: 0, changesets }
    return { user, path: '/sync', message: { push, pull: null } }
  }
}

/** Somebody else founds a scope and dissolves it; what the user then makes again is not new. */
function dissolved({ environment, clock, sync }: Stage, user: string): Dissolved | null {
  const { founding, users } = environment.app
  const founder = users.find((other) => other !== user)
  if (founding === undefined || founder === undefined) return null
  const key = `dissolved-${clock.now()}`
  const rows = (of: string): object[] =>
    founding({ key, user: of }).map(({ table, row }) => inserted(sync.manifest, table, row))
  const removals = founding({ key, user: founder }).map(({ table, row }) =>
    removed(sync.manifest, table, row),
  )
  return { founder, works: [rows(founder), removals], again: rows(user) }
}

type Dissolved = { founder: string; works: object[][]; again: object[] }

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
function foreignWork(truth: Truth, held: ReadonlySet<ScopeKey>, random: SeededRandom): object[] {
  const found = [...truth.rows.values()].flatMap(({ table, rows }) =>
    [...rows.values()].flatMap((row) => {
      const isForeign = !scopesOfRow(table, row).some((scope) => held.has(scope))
      const changes = isForeign ? [edited(table, row), deleted(table, row), pulledIn(table, row, held)] : []
      return changes.filter((change) => change !== null)
    }),
  )
  const chosen = found[random.below(Math.max(1, found.length))]
  return chosen === undefined ? [] : [chosen]
}

/** Into a scope of others, or one that is no more: by the rows that would found it, and by the last of them alone. */
function waysIn({ environment, random, sync }: Stage, user: string, others: readonly ScopeKey[]): object[][] {
  const { founding } = environment.app
  const keyed = others.map(decodeScopeKey).filter(({ scope }) => scope !== 'own')
  const into = keyed[random.below(Math.max(1, keyed.length))]
  if (founding === undefined || into === undefined) return []
  const rows = founding({ key: into.key, user })
  const inserts = rows.map(({ table, row }) => inserted(sync.manifest, table, row))
  return [inserts.slice(-1), inserts]
}

function inserted(manifest: Manifest, table: string, row: FoundingRow['row']): object {
  const values = Object.values(row).map((value) => [value])
  const keys = keysIn(manifest, table, row)
  return { table, operation: 'insert', columns: Object.keys(row), keys, old: [], new: values }
}

function removed(manifest: Manifest, table: string, row: FoundingRow['row']): object {
  const values = Object.values(row).map((value) => [value])
  const keys = keysIn(manifest, table, row)
  return { table, operation: 'delete', columns: Object.keys(row), keys, old: values, new: [] }
}

function keysIn({ tables }: Manifest, name: string, row: FoundingRow['row']): WireValue[][] {
  const key = tables.find((table) => table.name === name)?.key ?? []
  return key.map((column) => [row[column] ?? null])
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
    if (typeof column === 'string' && own !== undefined && !table.key.includes(column))
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
