/**
 * A plan: everything that will happen in one simulated world, as plain data made from a seed.
 *
 * A plan looks at nothing that happens while it runs, so leaving steps out of it gives another valid plan: that is what
 * shrinking does. What chance decides while it runs (which message is lost) is drawn from streams that are named after
 * the device and the number of its message, so that leaving one step out does not shift the luck of the others.
 */
import type { LocalStep } from '../workload/local.ts'
import type { Mishap, Weather } from '@landfall/testkit'

/** How an engine dies: around the n-th SQL statement or call of its disk from now on. */
export type Death = { at: 'statement' | 'disk'; n: number; moment: 'before' | 'after' | 'torn' }

/** At that event only, or at each one from it to the end of the plan, where all faults are over. */
export type Often = 'once' | 'for ever'

/** How a statement of a server, a commit of one (the last two), or the process that does it, fails. */
export type PostgresFailure =
  | '40001'
  | '40P01'
  | 'connection lost'
  | 'process killed'
  | 'commit unknown'
  | 'process killed after commit'

/** What is left on the disk then: all that was written (the process died), or what was flushed (the power went). */
export type Loss = 'kill' | 'power'

/** At one moment: devices write and sync, and other programs run their transactions. */
export type Burst = {
  kind: 'burst'
  writes: { device: string; write: LocalStep }[]
  programs: string[][]
  /** A real Postgres is started anew in the midst of it, after so many statements. */
  restartAfter?: number
}

export type Step =
  | { kind: 'write'; device: string; write: LocalStep }
  /** Another program's transaction in Postgres. `long`: it stays open until `end long` of the same name. */
  | { kind: 'foreign'; statements: string[]; long?: string }
  | { kind: 'end long'; long: string; commit: boolean }
  | Burst
  | { kind: 'pass'; ms: number }
  | { kind: 'weather'; device: string; weather: Weather }
  | { kind: 'offline' | 'online'; device: string }
  /** Closed in good order and opened again. */
  | { kind: 'reopen'; device: string }
  /** It is opened again once it has died, or at the latest with the end of the plan. */
  | { kind: 'kill engine'; device: string; death: Death; loss: Loss; often?: Often }
  /** The n-th call of its disk from now on fails with an I/O error, or for want of room. */
  | { kind: 'fail disk'; device: string; fate: 'fail' | 'full'; n: number; often: Often }
  /** The n-th SQLite statement of its engine from now on fails without having done anything. */
  | { kind: 'fail statement'; device: string; code: 'storage_full' | 'storage_lost'; n: number; often: Often }
  /** The n-th message from now on (the n-th stream, for `streamCut`) meets this weather for certain. */
  | { kind: 'fail message'; device: string; weather: Mishap; n: number; often: Often }
  /** The n-th statement (or commit) of any server from now on; its polls of the change log do not count. */
  | { kind: 'fail postgres'; failure: PostgresFailure; n: number; often: Often }
  /** The next so many writes of the disk find no room. */
  | { kind: 'quota'; device: string; writes: number }
  | { kind: 'clock jump'; device: string; ms: number }
  /** Milliseconds that the device's clock gains in a real second. */
  | { kind: 'clock drift'; device: string; msPerSecond: number }
  | { kind: 'token'; device: string; valid: boolean }
  | { kind: 'slow reader'; device: string }
  | { kind: 'member'; user: string; key: string; joins: boolean }
  /** Somebody with the user's token asks for, and writes to, what the user may not see. */
  | { kind: 'intruder'; user: string }
  /** A process dies at its next request: before its transaction, at a statement inside it, or after its commit. */
  | { kind: 'kill server'; server: number; moment: 'before' | 'inside' | 'after'; statement: number }
  /** The next writing transaction fails so at its n-th statement. */
  | { kind: 'collision'; sqlstate: '40001' | '40P01'; statement: number }
  /** The next writing transaction commits, and its answer is lost. */
  | { kind: 'lose commit' }
  /** Transactions fail while it lasts; then Postgres has a new start. */
  | { kind: 'restart postgres'; ms: number }
  | { kind: 'back up' }
  /** Postgres comes back as it was at the last backup. */
  | { kind: 'restore' }
  | { kind: 'prune'; retentionMs: number }
  /** A DBA takes a table out of capture and changes rows; `opens`: until migrateSync has run, else all is put back. */
  | { kind: 'dba'; table: string; opens: boolean; statements: string[] }
  /** migrateSync is run again. */
  | { kind: 'mend' }
  /** The app's next schema: Postgres and servers at once, each device when it is opened the next time. */
  | { kind: 'upgrade' }

/** `later`: a step opens it for the first time. `loaded`: it has loaded before, where the environment has such a one. */
export type PlannedDevice = { name: string; user: string; skewMs: number; later?: boolean; loaded?: boolean }

export type Plan = {
  seed: number
  servers: number
  devices: PlannedDevice[]
  steps: Step[]
}
