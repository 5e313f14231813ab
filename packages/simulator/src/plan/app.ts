/** What an app tells the simulator of itself: its sync definition, its rules, and what a world of it looks like. */
import type { SyncDefinition } from '@landfall/schema'
import type { SyncServerOptions } from '@landfall/server'
import type { LocalStep } from '../workload/local.ts'
import type { ScopeKeys } from '../workload/pools.ts'
import type { Weights } from '../workload/weights.ts'
import { createWorkload, type Workload } from '../workload/workload.ts'
import type { SeededRandom } from '@landfall/testkit'
import type { Burst } from './plan.ts'
import type { RowSet } from '../checks/truth.ts'

/** A rule of the app's own, judged on every state of the rows that a device was ever shown. */
export type Invariant = {
  promise: string
  name: string
  /** After Postgres was restored it need not hold any more: what had been acknowledged is gone. */
  lostByRestore?: true
  /** What is wrong; null when nothing is. Rows as Postgres prints them. */
  judge(rows: RowSet): string | null
}

export type FoundingRow = { table: string; row: { [column: string]: string } }

export type BurstPlan = { nth: number; devices: readonly { name: string; user: string }[] }

/** `way`: what is done to the row; `row`: which it is, by any number. Both are drawn where they are not said. */
export type Contest = {
  name: string
  user: string
  nth: number
  way?: 'edit' | 'delete' | 'make'
  row?: number
}

export type SimApp = Pick<SyncServerOptions, 'sync' | 'holders' | 'authorize' | 'limits'> & {
  /** Makes the tables and the rows that a world begins with; run once, before the sync triggers are put in place. */
  setup: readonly string[]
  /** How many random inserts worlds begin with, besides. */
  populate?: number
  /** Whose devices there are. */
  users: readonly string[]
  /** The scope keys in use, as they stand in the scopes' columns. */
  scopes: ScopeKeys
  /** Another program lets a user join or leave a scope; without it nobody ever does. */
  member?: (change: { user: string; key: string; joins: boolean }) => readonly string[]
  /** Keys that `member` may move, by user: the ones not named stay as they are. */
  movable?: readonly string[]
  /** The next version of the app, and the statements that bring Postgres to it. */
  upgrade?: { sync: SyncDefinition; statements: readonly string[] }
  /** Transactions of the app's own, beside the random work over its tables. `nth`: of this device, from 1. */
  writes?: (device: { name: string; user: string; nth: number }, random: SeededRandom) => LocalStep
  /** The rows that bring a scope's key into being, its user holding it; the last one alone makes the user hold it. */
  founding?: (found: { key: string; user: string }) => readonly FoundingRow[]
  /** Whether a transaction of this label is one that Postgres must take whatever is there. */
  mustPass?: (label: string) => boolean
  /** A transaction that a device takes and Postgres refuses. */
  refusable?: (random: SeededRandom) => LocalStep
  /** Tables that the random work leaves alone, because the app's own transactions keep rules about them. */
  reserved?: readonly string[]
  /** Statements of another program's transaction that stays open for long: rows that nobody else touches. */
  long?: (nth: number, random: SeededRandom) => readonly string[]
  /** What devices and other programs do to the same rows at one moment. `nth`: of the plan, from 1. */
  burst?: (burst: BurstPlan, random: SeededRandom) => Pick<Burst, 'writes' | 'programs'>
  /** An edit of a row that everybody edits, its deletion, its making, or, not said which, any of them. */
  contested?: (contest: Contest, random: SeededRandom) => LocalStep
  /** How often each kind of random work is done. */
  weights?: Partial<Weights>
  invariants?: readonly Invariant[]
  /** Cells that only one device writes: what its live query shows must never go back (P9). */
  ownCell?: (device: { name: string; user: string }) => { sql: string; params: string[] }
}

/** The devices of a world of so many, each user's in turn. */
export function devicesOf({ users }: SimApp, count: number): { name: string; user: string }[] {
  return Array.from({ length: count }, (_, i) => {
    const user = users[i % users.length] ?? ''
    return { name: `${user}-${i + 1}`, user }
  })
}

/** The random work over its tables, but those that only its own transactions write. */
export function workloadOf({ sync, scopes, weights = {}, reserved = [] }: SimApp): Workload {
  const manifest = {
    ...sync.manifest,
    tables: sync.manifest.tables.filter(({ name }) => !reserved.includes(name)),
  }
  return createWorkload({ sync: { manifest, tables: sync.tables }, scopes, weights })
}
