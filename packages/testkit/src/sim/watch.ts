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
import type { Truth } from './rows.ts'
import type { Stage } from './stage.ts'

export type Watch = {
  /** The database was opened: what had been acknowledged is there. */
  opened(): Promise<void>
  heard(event: EngineEvent): void
  /** The app was told that its transaction is committed. */
  acknowledged(): void
  look(): void
  readonly acknowledgedCount: number
}

const OWN_CELL = 1

export function createWatch(stage: Stage, device: Device): Watch {
  const acknowledged = createAcknowledged()
  const say = (promise: string, what: string): void => stage.chronicle.violated(promise, device.name, what)
  const own = stage.theatre.app.ownCell?.(device)
  let looked = -1
  let shown = Number.NEGATIVE_INFINITY

  function judgeState(state: LocalState, outbox: readonly Pending[]): void {
    if (!isComplete(state)) return
    const truths = stage.truth.at(state.snapshot ?? '')
    if (truths.length === 0) return say('P5', `its cursor ${state.snapshot} is of no snapshot that was read`)
    const tables = readLocalTables(device.driver, device.manifest)
    const findings = truths.map((truth) => judgeAgainst(truth, state, tables))
    const [best = []] = findings.toSorted((a, b) => a.length - b.length)
    stage.found(device.name, best)
    if (best.length > 0) return
    for (const local of tables) stage.found(device.name, judgeVisible(local, outbox))
  }

  function judgeAgainst(truth: Truth, state: LocalState, tables: readonly LocalTable[]): Finding[] {
    const invariants = stage.theatre.app.invariants ?? []
    return [
      ...judgeScopes(state, truth, device.user),
      ...tables.flatMap((local) => judgeBase(local, truth, device.user)),
      ...invariants.flatMap(({ promise, name, lostByRestore, judge }) => {
        const wrong = stage.restored && lostByRestore ? null : judge(truth.rows)
        return wrong === null ? [] : [{ promise, what: `${name}: ${wrong}` }]
      }),
    ]
  }

  function heardPatch(patch: LivePatch): void {
    const value = Number(patch.rows.at(-1)?.[0])
    if (patch.order.length === 0 || patch.rows.length === 0 || Number.isNaN(value)) return
    if (value < shown && !stage.restored) say('P9', `showed ${value} after ${shown}`)
    shown = Math.max(shown, value)
  }

  return {
    async opened() {
      looked = -1
      const state = readLocalState(device.driver)
      stage.found(device.name, acknowledged.judge(state, readOutbox(device.driver)))
      const check = device.driver.prepare('PRAGMA integrity_check').all([])[0]?.[0]
      if (check !== 'ok') say('P1', `integrity_check says ${String(check)}`)
      if (own !== undefined) await device.engine.live(OWN_CELL, own.sql, own.params)
    },
    heard(event) {
      if (event.kind === 'live' && event.id === OWN_CELL) heardPatch(event.patch)
      const isFine = event.kind !== 'liveError' || stage.failing.has(device.name)
      if (!isFine) say('P9', `a live query failed: ${event.error.code}`)
    },
    acknowledged() {
      const newest = readOutbox(device.driver).at(-1)
      if (newest !== undefined) acknowledged.note(newest)
    },
    look() {
      if (!device.alive) return
      if (looked === device.commits) return
      looked = device.commits
      const state = readLocalState(device.driver)
      const outbox = readOutbox(device.driver)
      stage.chronicle.tell(
        device.name,
        'is at',
        `${state.snapshot ?? 'no cursor'}, acknowledged ${state.acknowledged}, outbox ${outbox.length}`,
      )
      stage.found(device.name, acknowledged.judge(state, outbox))
      judgeState(state, outbox)
    },
    get acknowledgedCount() {
      return acknowledged.count
    },
  }
}
