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
type Handlers = { [Kind in Step['kind']]: (stage: Performance, step: StepOf<Kind>) => Promise<void> | void }

export type Performance = {
  stage: Stage
  /** Transactions of other programs that are open. */
  open: Set<string>
  backup: { restore: () => Promise<void>; longs: string[] } | null
  upgraded: boolean
}

export function createPerformance(stage: Stage): Performance {
  return { stage, open: new Set(), backup: null, upgraded: false }
}

export async function perform(performance: Performance, step: Step): Promise<void> {
  const handler = HANDLERS[step.kind] as (performance: Performance, step: Step) => Promise<void> | void
  await handler(performance, step)
  await performance.stage.still()
  performance.stage.look()
}

const HANDLERS: Handlers = {
  pass: ({ stage }, { ms }) => stage.pass(ms),
  write: ({ stage }, { device, write }) => writeLocally(stage, device, write),
  foreign: foreign,
  burst: ({ stage }, step) => burst(stage, step),
  'end long': (performance, { long, commit }) => endLong(performance, long, commit),
  weather({ stage }, { device, weather }) {
    stage.actor(device).device.network.setWeather(weather)
    stage.chronicle.tell(device, 'weather', JSON.stringify(weather))
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
    stage.chronicle.struck('clock jump', device)
  },
  'clock drift'({ stage }, { device, msPerSecond }) {
    stage.actor(device).device.clock.drift(msPerSecond)
    stage.chronicle.struck('clock drift', device)
  },
  token({ stage }, { device, valid }) {
    const actor = stage.actor(device)
    actor.device.setToken(valid ? actor.device.user : 'expired')
    if (!valid) stage.chronicle.struck('token expired', device)
  },
  'slow reader'({ stage }, { device }) {
    stage.actor(device).device.network.stall(true)
    stage.chronicle.struck('slow reader', device)
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
  upgrade,
}

/** All have written before the first of them syncs; what is sent is under way together. */
async function burst(stage: Stage, { writes, programs, restartAfter }: StepOf<'burst'>): Promise<void> {
  for (const { device, write } of writes) await writeLocally(stage, device, write)
  if (restartAfter !== undefined) {
    stage.theatre.restartAfter(restartAfter)
    stage.chronicle.tell('postgres', `restarts after ${restartAfter} statements`)
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
    if (await stage.foreign(next.value)) stage.chronicle.struck('foreign transaction', 'postgres')
}

async function foreign(performance: Performance, { statements, long }: StepOf<'foreign'>): Promise<void> {
  const { stage, open } = performance
  stage.chronicle.tell(
    'postgres',
    long === undefined ? 'another program writes' : `${long} begins`,
    statements.join('; ').slice(0, 200),
  )
  if (stage.faults.down) return
  if (long === undefined) {
    if (await stage.foreign(statements)) stage.chronicle.struck('foreign transaction')
    return
  }
  if (open.has(long)) return
  await stage.exec(['BEGIN', ...statements, `PREPARE TRANSACTION '${long}'`].join(';\n'))
  open.add(long)
  stage.chronicle.struck('long transaction')
}

export async function endLong({ stage, open }: Performance, long: string, commit: boolean): Promise<void> {
  if (!open.delete(long)) return
  const before = await stage.rows()
  await stage.exec(`${commit ? 'COMMIT' : 'ROLLBACK'} PREPARED '${long}'`)
  stage.chronicle.tell('postgres', `${long} ${commit ? 'commits' : 'rolls back'}`)
  stage.referee.noteForeign(before, await stage.rows(), stage.clock.now())
}

function setOnline(stage: Stage, name: string, online: boolean): void {
  stage.actor(name).device.network.setOnline(online)
  if (online) stage.chronicle.tell(name, 'is online')
  else stage.chronicle.struck('offline', name)
}

async function revive(stage: Stage, name: string, loss: 'kill' | 'power'): Promise<void> {
  const actor = stage.actor(name)
  actor.device.kill(loss)
  stage.chronicle.tell(name, 'died')
  stage.clock.after(200 + stage.random.below(5_000), () => void openAgain(stage, actor))
}

export async function openAgain(stage: Stage, actor: Actor): Promise<void> {
  const { device, watch } = actor
  if (device.alive || device.disk.dead || opening.has(device)) return
  opening.add(device)
  try {
    await device.open(stage.sync.manifest)
    stage.chronicle.tell(device.name, 'opened')
    await watch.opened()
  } catch (error) {
    if (device.disk.dead) return // it died again, and will be opened again
    if (stage.failing.has(device.name) && error instanceof LandfallError && error.category === 'storage') {
      stage.chronicle.tell(device.name, 'cannot be opened', error.code)
      stage.clock.after(3_000, () => void openAgain(stage, actor))
    } else stage.chronicle.violated('P1', device.name, `cannot be opened: ${String(error).slice(0, 300)}`)
  } finally {
    opening.delete(device)
  }
}

/** Devices that are being opened: opening takes its time, and may be asked for twice. */
const opening = new WeakSet<Actor['device']>()

async function member({ stage }: Performance, { user, key, joins }: StepOf<'member'>): Promise<void> {
  const statements = stage.theatre.app.member?.({ user, key, joins }) ?? []
  if (statements.length === 0 || stage.faults.down) return
  stage.chronicle.tell('postgres', `${user} ${joins ? 'joins' : 'leaves'} ${key}`)
  if (await stage.foreign(statements)) stage.chronicle.struck(joins ? 'scope gained' : 'scope lost')
}

function restartPostgres({ stage }: Performance, { ms }: StepOf<'restart postgres'>): void {
  if (stage.faults.down) return
  stage.faults.down = true
  stage.chronicle.struck('postgres restarted', 'postgres')
  stage.clock.after(ms, () => void comeBack(stage))
}

async function comeBack(stage: Stage): Promise<void> {
  await stage.theatre.restart()
  stage.forget()
  stage.faults.down = false
  stage.chronicle.tell('postgres', 'is up')
}

async function backUp(performance: Performance): Promise<void> {
  const { stage, open } = performance
  if (stage.faults.down) return
  const restoreTo = await stage.theatre.backUp()
  if (restoreTo === null) return
  performance.backup = { restore: restoreTo, longs: [...open] }
  stage.chronicle.tell('postgres', 'is backed up')
}

async function restore(performance: Performance): Promise<void> {
  const { stage, backup, open } = performance
  if (backup === null || stage.faults.down) return
  await backup.restore()
  open.clear()
  for (const long of backup.longs) open.add(long)
  stage.truth.beginEra()
  stage.forget()
  stage.restored = true
  stage.referee.reset(await stage.lastNumbers())
  stage.chronicle.struck('postgres restored', 'postgres')
}

async function prune({ stage }: Performance, { retentionMs }: StepOf<'prune'>): Promise<void> {
  const server = stage.servers.find(({ process }) => process.alive)
  if (server === undefined || stage.faults.down) return
  await server.process
    .server()
    .prune(retentionMs)
    .catch(() => {}) // a planted fault has struck it
  stage.referee.forgetTimes()
  stage.chronicle.struck('log pruned', 'postgres')
}

/** Postgres and the servers at once; a device gets the new schema when it is opened the next time. */
async function upgrade(performance: Performance): Promise<void> {
  const { stage } = performance
  const next = stage.theatre.app.upgrade
  if (next === undefined || performance.upgraded || stage.faults.down) return
  for (const long of performance.open) await endLong(performance, long, true)
  performance.upgraded = true
  performance.backup = null // a backup of the old schema would need the old app
  for (const statement of next.statements) await stage.exec(statement)
  const { manifest } = stage.sync
  stage.sync = next.sync
  stage.truth.beginEra() // the same snapshots, read with other columns
  await stage.theatre.migrate(next.sync, createRandom(stage.plan.seed))
  stage.forget()
  stage.referee.noteUpgrade(manifest, await stage.rows())
  for (const { process } of stage.servers) if (process.alive) process.start({ sync: next.sync })
  stage.chronicle.struck('schema upgraded', 'postgres')
}
