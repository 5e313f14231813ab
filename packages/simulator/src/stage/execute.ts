/** Carries out the steps of a plan, one after the other. A step that cannot be carried out now is left out. */
import { LandfallError } from '@landfall/protocol'
import { intrude } from './intruder.ts'
import { writeLocally } from './local-write.ts'
import type { Step } from '../plan/plan.ts'
import {
  countdown,
  plantDeath,
  plantDiskFailure,
  plantMishap,
  plantQuota,
  plantStatementFailure,
} from './plant.ts'
import type { Actor, Stage } from './stage.ts'
import { createRandom } from '@landfall/testkit'

type StepOf<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>
type Handlers = { [Kind in Step['kind']]: (execution: Execution, step: StepOf<Kind>) => Promise<void> | void }

export type Execution = {
  stage: Stage
  /** Transactions of other programs that are open. */
  open: Set<string>
  backup: { restore: () => Promise<void>; longs: string[]; uncaptured: string[] } | null
  upgraded: boolean
}

export function createExecution(stage: Stage): Execution {
  return { stage, open: new Set(), backup: null, upgraded: false }
}

export async function execute(execution: Execution, step: Step): Promise<void> {
  const handler = HANDLERS[step.kind] as (execution: Execution, step: Step) => Promise<void> | void
  await handler(execution, step)
  await execution.stage.still()
  execution.stage.look()
}

const HANDLERS: Handlers = {
  pass: ({ stage }, { ms }) => stage.pass(ms),
  write: ({ stage }, { device, write }) => writeLocally(stage, device, write),
  foreign: foreign,
  burst: ({ stage }, step) => burst(stage, step),
  'end long': (execution, { long, commit }) => endLong(execution, long, commit),
  weather({ stage }, { device, weather }) {
    stage.actor(device).device.network.setWeather(weather)
    stage.trace.tell(device, 'weather', JSON.stringify(weather))
  },
  offline: ({ stage }, { device }) => setOnline(stage, device, false),
  online: ({ stage }, { device }) => setOnline(stage, device, true),
  async reopen({ stage }, { device }) {
    const actor = stage.actor(device)
    if (actor.device.alive) await actor.watch.close()
    await openAgain(stage, actor)
  },
  'kill engine': ({ stage }, step) =>
    plantDeath(stage, step, () => void revive(stage, step.device, step.loss)),
  'fail disk': ({ stage }, step) => plantDiskFailure(stage, step),
  'fail statement': ({ stage }, step) => plantStatementFailure(stage, step),
  'fail message': ({ stage }, step) => plantMishap(stage, step),
  'fail postgres'({ stage }, { failure, n, often }) {
    stage.faults.planted = { failure, isDue: countdown(n, often) }
  },
  quota: ({ stage }, step) => plantQuota(stage, step),
  'clock jump'({ stage }, { device, ms }) {
    stage.actor(device).device.clock.jump(ms)
    stage.trace.struck('clock jump', device)
  },
  'clock drift'({ stage }, { device, msPerSecond }) {
    stage.actor(device).device.clock.drift(msPerSecond)
    stage.trace.struck('clock drift', device)
  },
  token({ stage }, { device, valid }) {
    const actor = stage.actor(device)
    actor.device.setToken(valid ? actor.device.user : 'expired')
    if (!valid) stage.trace.struck('token expired', device)
  },
  'slow reader'({ stage }, { device }) {
    stage.actor(device).device.network.stall(true)
    stage.trace.struck('slow reader', device)
  },
  member,
  intruder: ({ stage }, { user }) => intrude(stage, user),
  'kill server'({ stage }, { server, moment, statement }) {
    const found = stage.servers[server % stage.servers.length]
    if (found === undefined || !found.process.alive) return
    if (moment === 'before') found.diesBefore = true
    else found.faults.dies = { moment, statement }
  },
  collision({ stage }, { sqlstate, statement }) {
    stage.faults.collision = { sqlstate, statement }
  },
  'lose commit'({ stage }) {
    stage.faults.loseCommit = true
  },
  'restart postgres': restartPostgres,
  'back up': backUp,
  restore,
  prune,
  dba,
  mend: ({ stage }) => mend(stage),
  upgrade,
}

/** All have written before the first of them syncs; what is sent is under way together. */
async function burst(stage: Stage, { writes, programs, restartAfter }: StepOf<'burst'>): Promise<void> {
  for (const { device, write } of writes) await writeLocally(stage, device, write)
  if (restartAfter !== undefined) {
    stage.environment.restartAfter(restartAfter)
    stage.trace.tell('postgres', `restarts after ${restartAfter} statements`)
  }
  for (const name of new Set(writes.map(({ device }) => device))) {
    const { device } = stage.actor(name)
    // Whoever cannot sync now, or dies on the way, does so later.
    if (device.alive) device.engine.sync.now().catch(() => {})
  }
  if (stage.faults.down) return
  const left = programs.values()
  await Promise.all([runPrograms(stage, left), runPrograms(stage, left)])
}

/** Until none is left: two that share them overlap, and the later ones begin amid what the first have set off. */
async function runPrograms(stage: Stage, left: Iterator<readonly string[]>): Promise<void> {
  for (let next = left.next(); !next.done; next = left.next())
    if (await stage.foreign(next.value)) stage.trace.struck('foreign transaction', 'postgres')
}

async function foreign(execution: Execution, { statements, long }: StepOf<'foreign'>): Promise<void> {
  const { stage, open } = execution
  stage.trace.tell(
    'postgres',
    long === undefined ? 'another program writes' : `${long} begins`,
    statements.join('; ').slice(0, 200),
  )
  if (stage.faults.down) return
  if (long === undefined) {
    if (await stage.foreign(statements)) stage.trace.struck('foreign transaction')
    return
  }
  if (open.has(long)) return
  await stage.exec(['BEGIN', ...statements, `PREPARE TRANSACTION '${long}'`].join(';\n'))
  open.add(long)
  stage.trace.struck('long transaction')
}

export async function endLong({ stage, open }: Execution, long: string, commit: boolean): Promise<void> {
  if (!open.delete(long)) return
  const before = await stage.rows()
  await stage.exec(`${commit ? 'COMMIT' : 'ROLLBACK'} PREPARED '${long}'`)
  stage.trace.tell('postgres', `${long} ${commit ? 'commits' : 'rolls back'}`)
  stage.oracle.noteForeign(before, await stage.rows(), stage.clock.now())
}

function setOnline(stage: Stage, name: string, online: boolean): void {
  stage.actor(name).device.network.setOnline(online)
  if (online) stage.trace.tell(name, 'is online')
  else stage.trace.struck('offline', name)
}

async function revive(stage: Stage, name: string, loss: 'kill' | 'power'): Promise<void> {
  const actor = stage.actor(name)
  actor.device.kill(loss)
  stage.trace.tell(name, 'died')
  stage.clock.after(200 + stage.random.below(5_000), () => void openAgain(stage, actor))
}

export async function openAgain(stage: Stage, actor: Actor): Promise<void> {
  const { device, watch } = actor
  if (device.alive || device.disk.dead || opening.has(device)) return
  opening.add(device)
  try {
    await device.open(stage.sync.manifest)
    stage.trace.tell(device.name, 'opened')
    await watch.opened()
  } catch (error) {
    if (device.disk.dead) return // it died again, and will be opened again
    if (stage.failing.has(device.name) && error instanceof LandfallError && error.category === 'storage') {
      stage.trace.tell(device.name, 'cannot be opened', error.code)
      stage.clock.after(3_000, () => void openAgain(stage, actor))
    } else stage.trace.violated('P1', device.name, `cannot be opened: ${String(error).slice(0, 300)}`)
  } finally {
    opening.delete(device)
  }
}

/** Devices that are being opened: opening takes its time, and may be asked for twice. */
const opening = new WeakSet<Actor['device']>()

async function member({ stage }: Execution, { user, key, joins }: StepOf<'member'>): Promise<void> {
  const statements = stage.environment.app.member?.({ user, key, joins }) ?? []
  if (statements.length === 0 || stage.faults.down) return
  stage.trace.tell('postgres', `${user} ${joins ? 'joins' : 'leaves'} ${key}`)
  if (await stage.foreign(statements)) stage.trace.struck(joins ? 'scope gained' : 'scope lost')
}

function restartPostgres({ stage }: Execution, { ms }: StepOf<'restart postgres'>): void {
  if (stage.faults.down) return
  stage.faults.down = true
  stage.trace.struck('postgres restarted', 'postgres')
  stage.clock.after(ms, () => void comeBack(stage))
}

async function comeBack(stage: Stage): Promise<void> {
  await stage.environment.restart()
  stage.forget()
  stage.faults.down = false
  stage.trace.tell('postgres', 'is up')
}

async function backUp(execution: Execution): Promise<void> {
  const { stage, open } = execution
  if (stage.faults.down) return
  const restoreTo = await stage.environment.backUp()
  if (restoreTo === null) return
  execution.backup = { restore: restoreTo, longs: [...open], uncaptured: [...stage.uncaptured] }
  stage.trace.tell('postgres', 'is backed up')
}

async function restore(execution: Execution): Promise<void> {
  const { stage, backup, open } = execution
  if (backup === null || stage.faults.down) return
  await backup.restore()
  open.clear()
  for (const long of backup.longs) open.add(long)
  stage.uncaptured.clear()
  for (const table of backup.uncaptured) stage.uncaptured.add(table)
  stage.truth.beginEra()
  stage.forget()
  stage.restored = true
  stage.oracle.reset(await stage.lastNumbers())
  stage.trace.struck('postgres restored', 'postgres')
}

async function prune({ stage }: Execution, { retentionMs }: StepOf<'prune'>): Promise<void> {
  const server = stage.servers.find(({ process }) => process.alive)
  if (server === undefined || stage.faults.down) return
  await server.process
    .server()
    .prune(retentionMs)
    .catch(() => {}) // a planted fault has struck it
  stage.oracle.forgetTimes()
  stage.trace.struck('log pruned', 'postgres')
}

/** In one go, as programs see it: what is written before all is put back, nobody has logged. */
async function dba({ stage }: Execution, { table, opens, statements }: StepOf<'dba'>): Promise<void> {
  if (stage.faults.down) return
  const before = await stage.rows()
  await stage.exec(['BEGIN', ...statements, 'COMMIT'].join(';\n'))
  stage.oracle.noteForeign(before, await stage.rows(), stage.clock.now())
  stage.doubted.add(table)
  if (opens) stage.uncaptured.add(table)
  stage.trace.struck('table uncaptured', 'postgres')
}

export async function mend(stage: Stage): Promise<void> {
  if (stage.faults.down) return
  await stage.environment.migrate(stage.sync, createRandom(stage.plan.seed))
  stage.forget()
  stage.uncaptured.clear()
  stage.trace.tell('postgres', 'is migrated again')
}

/** Postgres and the servers at once; a device gets the new schema when it is opened the next time. */
async function upgrade(execution: Execution): Promise<void> {
  const { stage } = execution
  const next = stage.environment.app.upgrade
  if (next === undefined || execution.upgraded || stage.faults.down) return
  for (const long of execution.open) await endLong(execution, long, true)
  execution.upgraded = true
  execution.backup = null // a backup of the old schema would need the old app
  for (const statement of next.statements) await stage.exec(statement)
  const { manifest } = stage.sync
  stage.sync = next.sync
  stage.truth.beginEra() // the same snapshots, read with other columns
  await stage.environment.migrate(next.sync, createRandom(stage.plan.seed))
  stage.forget()
  stage.oracle.noteUpgrade(manifest, await stage.rows())
  for (const { process } of stage.servers) if (process.alive) process.start({ sync: next.sync })
  stage.uncaptured.clear()
  stage.trace.struck('schema upgraded', 'postgres')
}
