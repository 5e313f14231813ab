/**
 * Watches one device: after every moment at which something may have happened, its database is held against the truth.
 *
 * The base and the held scopes are compared when the cursor has moved, the visible rows when anything was written.
 * While everything is being loaded again neither is defined, so nothing is said then.
 */
import type { EngineEvent, LivePatch } from '@landfall/engine'
import type { Device } from '../world/device.ts'
import { createAcknowledged } from './checks/durability.ts'
import {
  isComplete,
  type LocalState,
  type LocalTable,
  type Pending,
  readLocalState,
  readLocalTables,
  readOutbox,
} from './checks/local-state.ts'
import { type Finding, judgeBase, judgeScopes } from './checks/snapshot-equality.ts'
import { judgeVisible } from './checks/visible-rows.ts'
import type { Truth, TruthReader } from './rows.ts'
import type { SimApp } from './app.ts'
import type { Chronicle } from './chronicle.ts'

/** What a watch needs of the stage. */
export type Surroundings = {
  app: SimApp
  chronicle: Chronicle
  truth: TruthReader
  /** Postgres was restored: what was acknowledged may be gone. */
  isRestored(): boolean
  /** Devices whose storage fails: their live queries may, too. */
  failing: ReadonlySet<string>
}

export type Watch = {
  /** The database was opened: what had been acknowledged is there. */
  opened(): Promise<void>
  heard(event: EngineEvent): void
  /** The app was told that its transaction is committed. */
  acknowledged(): void
  look(): void
  /** Also when nothing was committed since. */
  lookAgain(): void
}

const OWN_CELL = 1

export function createWatch(stage: Surroundings, device: Device): Watch {
  const acknowledged = createAcknowledged()
  const say = (promise: string, what: string): void => stage.chronicle.violated(promise, device.name, what)
  const own = stage.app.ownCell?.(device)
  const found = (findings: readonly Finding[]): void => {
    for (const { promise, what } of findings) say(promise, what)
  }
  let looked = -1
  let shown = Number.NEGATIVE_INFINITY

  function heardPatch(patch: LivePatch): void {
    const value = Number(patch.rows.at(-1)?.[0])
    if (patch.order.length === 0 || patch.rows.length === 0 || Number.isNaN(value)) return
    if (value < shown && !stage.isRestored()) say('P9', `showed ${value} after ${shown}`)
    shown = Math.max(shown, value)
  }

  function look(): void {
    if (!device.alive || looked === device.commits) return
    looked = device.commits
    const state = readLocalState(device.driver)
    const outbox = readOutbox(device.driver)
    const where = state.snapshot ?? 'no cursor'
    stage.chronicle.tell(
      device.name,
      'is at',
      `${where}, acknowledged ${state.acknowledged}, outbox ${outbox.length}`,
    )
    found(acknowledged.judge(state, outbox))
    if (isComplete(state)) found(judgeComplete({ stage, device }, state, outbox))
  }

  return {
    look,
    lookAgain() {
      looked = -1
      look()
    },
    async opened() {
      looked = -1
      const state = readLocalState(device.driver)
      found(acknowledged.judge(state, readOutbox(device.driver)))
      const check = device.driver.prepare('PRAGMA integrity_check').all([])[0]?.[0]
      if (check !== 'ok') say('P1', `integrity_check says ${String(check)}`)
      if (own !== undefined) await device.engine.live(OWN_CELL, own.sql, own.params)
    },
    heard(event) {
      if (event.kind === 'live' && event.id === OWN_CELL) heardPatch(event.patch)
      if (event.kind === 'liveError' && !stage.failing.has(device.name))
        say('P9', `a live query failed: ${event.error.code}`)
    },
    acknowledged() {
      const newest = readOutbox(device.driver).at(-1)
      if (newest !== undefined) acknowledged.note(newest)
    },
  }
}

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
    ...tables.flatMap((local) => judgeBase(local, truth, device.user)),
    ...invariants.flatMap(({ promise, name, lostByRestore, judge }) => {
      const wrong = stage.isRestored() && lostByRestore ? null : judge(truth.rows)
      return wrong === null ? [] : [{ promise, what: `${name}: ${wrong}` }]
    }),
  ]
}
