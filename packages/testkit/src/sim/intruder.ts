/**
 * Somebody with a valid token and no manners: asks for pages of scopes that the user does not hold, and pushes edits of
 * rows that the user may not see. What comes of it is judged like everything else (P4): no row goes out, none changes.
 */
import { PROTOCOL_HEADER, PROTOCOL_VERSION, SCHEMA_HEADER, type WireValue } from '@landfall/protocol'
import { readLocalState } from './checks/local-state.ts'
import { scopesOfRow, type Truth } from './rows.ts'
import type { Stage } from './stage.ts'

export async function intrude(stage: Stage, user: string): Promise<void> {
  const truth = await stage.truthNow()
  const held = truth.held.get(user) ?? new Set()
  const others = new Set(
    [...truth.held.values()].flatMap((keys) => [...keys]).filter((key) => !held.has(key)),
  )
  stage.chronicle.tell('intruder', `as ${user}`, [...others].join(', '))
  const client = `intruder-${user}`
  const asked: Asked[] = [...others].map((scope) => ({
    user,
    path: '/bootstrap',
    message: { client, scope, position: null },
  }))
  const history = historyOf(stage)
  const changes = foreignEdit(truth, held)
  if (history !== null && changes !== null) {
    const number = stage.clock.now()
    const changesets = [{ number, hlc: `${BigInt(number) << 16n}`, label: null, changes: [changes] }]
    asked.push({ user, path: '/sync', message: { push: { client, history, changesets }, pull: null } })
  }
  void askAll(stage, asked)
}

/** Nobody waits for it: a server that tries a push again after a deadlock waits for virtual time. */
async function askAll(stage: Stage, asked: readonly Asked[]): Promise<void> {
  for (const one of asked) await ask(stage, one)
}

type Asked = { user: string; path: string; message: object }

async function ask(stage: Stage, { user, path, message }: Asked): Promise<void> {
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

/** Of a text column of a row in none of the scopes, with the value that stands there: what a former member would send. */
function foreignEdit(truth: Truth, held: ReadonlySet<string>): object | null {
  for (const [name, { table, rows }] of truth.rows) {
    const c = table.columns.findIndex(
      ({ name: column, type }) => type.kind === 'text' && !type.array && isPlain(table, column),
    )
    if (c < 0 || table.scopes.every(({ column }) => column === null)) continue
    for (const row of rows.values()) {
      if (scopesOfRow(table, row).some((scope) => held.has(scope))) continue
      const keys = table.key.map((key) => [valueIn(table, row, key)])
      const columns = [table.columns[c]?.name]
      return { table: name, operation: 'update', columns, keys, old: [[row[c] ?? null]], new: [['intruded']] }
    }
  }
  return null
}

type Table = Truth['rows'] extends ReadonlyMap<string, { table: infer T }> ? T : never

const isPlain = ({ key, scopes }: Table, name: string): boolean =>
  !key.includes(name) && scopes.every(({ column }) => column !== name)

const valueIn = ({ columns }: Table, row: readonly WireValue[], name: string): WireValue =>
  row[columns.findIndex((column) => column.name === name)] ?? null
