/**
 * Watches one device: after every moment at which something may have happened, its database is held against the truth.
 *
 * The base and the held scopes are compared when the cursor has moved, the visible rows when anything was written.
 * While everything is being loaded again neither is defined, so nothing is said then.
 */
import type { EngineEvent } from '@landfall/engine'
import type { PullRequest, PullResponse } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { Device } from '@landfall/testkit'
import { createAcknowledged } from '../checks/durability.ts'
import {
  isComplete,
  type LocalState,
  type LocalTable,
  type Pending,
  readLocalState,
  readLocalTables,
  readOutbox,
} from '../checks/local-state.ts'
import { type Finding, judgeBase, judgeScopes } from '../checks/snapshot-equality.ts'
import { judgeReopened } from '../checks/reopened.ts'
import { createScreen } from '../checks/screen.ts'
import { createToldConflicts } from '../checks/told-conflicts.ts'
import { judgeVisible } from '../checks/visible-rows.ts'
import type { Truth, TruthReader } from '../checks/truth.ts'
import type { SimApp } from '../plan/app.ts'
import type { Trace } from '../story/trace.ts'

/** What a watch needs of the stage. */
export type Surroundings = {
  app: SimApp
  trace: Trace
  truth: TruthReader
  /** Postgres was restored: what was acknowledged may be gone. */
  isRestored(): boolean
  /** Tables that went out of capture: where devices stand with them is judged once all is quiet. */
  doubted: ReadonlySet<string>
  /** Devices whose storage fails: their live queries may, too. */
  failing: ReadonlySet<string>
}

export type Watch = {
  /** Closes the database, in good order: the next opening finds it as it was. */
  close(): Promise<void>
  /** The database was opened: what had been acknowledged is there. */
  opened(): Promise<void>
  heard(event: EngineEvent): void
  /** What the server has answered to a pull; whether it arrives is not known. */
  answered(asked: PullRequest, answer: PullResponse): void
  /** The app was told that its transaction is committed. */
  acknowledged(): void
  look(): void
  /** Also when nothing was committed since. */
  lookAgain(): void
}

const OWN_CELL = 1

export function createWatch(stage: Surroundings, device: Device): Watch {
  const acknowledged = createAcknowledged()
  const screen = createScreen()
  const conflicts = createToldConflicts()
  const own = stage.app.ownCell?.(device)
  const say = (promise: string, what: string | null): void => {
    if (what !== null) stage.trace.violated(promise, device.name, what)
  }
  const found = (findings: readonly Finding[]): void => {
    for (const { promise, what } of findings) say(promise, what)
  }
  let looked = -1
  /** As it was closed, if that is known. */
  let closed: { tables: readonly LocalTable[]; commits: number } | null = null

  function look(): void {
    if (!device.alive || looked === device.commits) return
    looked = device.commits
    const state = readLocalState(device.driver)
    const outbox = readOutbox(device.driver)
    const where = state.snapshot ?? 'no cursor'
    const what = `${where}, acknowledged ${state.acknowledged}, outbox ${outbox.length}`
    stage.trace.tell(device.name, 'is at', what)
    found(acknowledged.judge(state, outbox))
    if (own !== undefined && !stage.failing.has(device.name))
      say('P9', screen.judge(ask(device, own.sql, own.params)[0]))
    for (const id of conflicts.due(state.snapshot)) {
      const isKept = ask(device, 'SELECT 1 FROM landfall_conflicts WHERE id = ?', [id]).length > 0
      say('P7', isKept ? null : `the conflict ${id} came with ${where} and is not kept`)
    }
    if (isComplete(state)) found(judgeComplete({ stage, device }, state, outbox))
  }

  return {
    look,
    lookAgain() {
      looked = -1
      look()
    },
    async close() {
      const before = { tables: readLocalTables(device.driver, device.manifest), commits: device.commits }
      await device.close()
      closed = before.commits === device.commits ? before : null
    },
    async opened() {
      looked = -1
      screen.opened()
      if (closed !== null)
        found(judgeReopened(closed.tables, readLocalTables(device.driver, device.manifest)))
      closed = null
      found(acknowledged.judge(readLocalState(device.driver), readOutbox(device.driver)))
      const check = ask(device, 'PRAGMA integrity_check')[0]?.[0]
      say('P1', check === 'ok' ? null : `integrity_check says ${String(check)}`)
      if (own !== undefined) await device.engine.sql.live(OWN_CELL, own.sql, own.params)
    },
    heard(event) {
      if (event.kind === 'live' && event.id === OWN_CELL)
        say('P9', screen.heard(event.patch, !stage.isRestored()))
      if (event.kind === 'liveError' && !stage.failing.has(device.name))
        say('P9', `a live query failed: ${event.error.code}`)
    },
    answered(asked, answer) {
      if (device.alive) conflicts.answered(asked, answer, readLocalState(device.driver).snapshot)
    },
    acknowledged() {
      const newest = readOutbox(device.driver).at(-1)
      if (newest !== undefined) acknowledged.note(newest)
    },
  }
}

const ask = ({ driver }: Device, sql: string, params: SqliteValue[] = []): SqliteValue[][] =>
  driver.prepare(sql).all(params)

type Watched = { stage: Surroundings; device: Device }

/** The best of what the cursor may mean: after a restore one snapshot names several states. */
function judgeComplete(watched: Watched, state: LocalState, outbox: readonly Pending[]): Finding[] {
  const { stage, device } = watched
  const truths = stage.truth.at(state.snapshot ?? '')
  if (truths.length === 0)
    return [{ promise: 'P5', what: `its cursor ${state.snapshot} is of no snapshot that was read` }]
  const tables = readLocalTables(device.driver, device.manifest)
  const judged = truths.map((truth) => judgeAgainst(watched, { truth, state, tables }))
  const [best = []] = judged.toSorted((a, b) => a.length - b.length)
  return best.length > 0 ? best : tables.flatMap((local) => judgeVisible(local, outbox))
}

type Compared = { truth: Truth; state: LocalState; tables: readonly LocalTable[] }

function judgeAgainst({ stage, device }: Watched, { truth, state, tables }: Compared): Finding[] {
  const invariants = stage.app.invariants ?? []
  return [
    ...judgeScopes(state, truth, device.user),
    ...tables.flatMap((local) =>
      stage.doubted.has(local.table.name) ? [] : judgeBase(local, truth, device.user),
    ),
    ...invariants.flatMap(({ promise, name, lostByRestore, judge }) => {
      const wrong = stage.isRestored() && lostByRestore ? null : judge(truth.rows)
      return wrong === null ? [] : [{ promise, what: `${name}: ${wrong}` }]
    }),
  ]
}
