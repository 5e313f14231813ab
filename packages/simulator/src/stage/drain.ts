/**
 * The end of a run: all faults off, then everything has to drain by itself within a bound of virtual time (P8), and what
 * is left is held against the truth once more: the same rows everywhere (P3), bookkeeping that is empty again, and little memory (P10).
 */
import { loadSqlite } from '@landfall/engine'
import { quoteIdentifier } from '@landfall/schema/internal'
import { endLong, mend, openAgain, type Execution } from './execute.ts'
import { isComplete, readGaps, readLocalState, readLocalTables, readOutbox } from '../checks/local-state.ts'
import { judgeBase } from '../checks/snapshot-equality.ts'
import type { Truth } from '../checks/truth.ts'
import type { Actor, Stage } from './stage.ts'

/**
 * The longest wait of a device that only time can help is eight minutes (`NEEDS_PERSON` of the engine's backoff); a
 * request that hung and the next pull come on top.
 */
export const DRAIN_MS = 15 * 60_000
const LOOK_MS = 2_000
/** The journal may keep 16 MiB (`journal_size_limit`); the rows of a world are a fraction of that. */
const MOST_BYTES = 24 << 20
/** SQLite's own, of each open database: its cache may keep 64 MiB (`cache_size`), and a world's rows need a fraction. */
const MOST_MEMORY = 8 << 20
/** A world in good order is drained within moments; virtual time is the dearest thing here, since servers poll in it. */
const STEP_MS = 250
/** The longest that a server, a device or Postgres is away after it died. */
const REVIVAL_MS = 10_000

export async function drain(execution: Execution): Promise<void> {
  const { stage } = execution
  await calm(execution)
  await judgeTold(stage)
  if (stage.doubted.size > 0) await mend(stage)
  const end = stage.clock.now() + DRAIN_MS
  for (let step = STEP_MS; !(await isDrained(stage)) && stage.clock.now() < end; step = LOOK_MS)
    await stage.pass(step)
  await judgeDrained(stage)
  stage.doubted.clear()
  for (const { watch } of stage.actors) watch.lookAgain()
  for (const actor of stage.actors) if (actor.device.alive) judgeQuiet(stage, actor)
  await judgeMemory(stage)
  if (stage.trace.violations.length === 0) await judgeKept(stage)
  if (stage.trace.violations.length === 0) await verifyAll(stage)
  stage.trace.tell('world', 'is drained')
}

function isUp(stage: Stage): boolean {
  const { servers, actors, faults } = stage
  return (
    !faults.down &&
    servers.every(({ process }) => process.alive) &&
    actors.every(({ device }) => device.alive)
  )
}

async function calm(execution: Execution): Promise<void> {
  const { stage } = execution
  stage.faults.collision = null
  stage.faults.loseCommit = false
  stage.faults.planted = null
  for (const long of execution.open) await endLong(execution, long, true)
  for (const server of stage.servers) {
    server.faults.dies = null
    server.diesBefore = false
  }
  for (const { device } of stage.actors) {
    device.watch(null)
    device.disk.watch(null)
    device.watchMessages(null)
    device.clock.drift(0)
    device.setToken(device.user)
    device.network.stall(false)
    device.network.setWeather({})
    device.network.setOnline(true)
  }
  // Whoever died or is being started now comes back by itself; after an upgrade everybody reloads the app at last.
  for (let waited = 0; waited < REVIVAL_MS && !isUp(stage); waited += STEP_MS) await stage.pass(STEP_MS)
  for (const actor of stage.actors) {
    const isOld = actor.device.alive && actor.device.manifest.hash !== stage.sync.manifest.hash
    if (isOld) await actor.watch.close()
    if (!actor.device.alive) await openAgain(stage, actor)
    actor.device.network.setWeather({})
    actor.device.network.setOnline(true)
  }
  stage.trace.tell('world', 'is calm')
}

/** P17.8: before anybody mends it, every device says which tables are not captured. */
async function judgeTold(stage: Stage): Promise<void> {
  const wanted = [...stage.uncaptured].sort().join()
  const told = async ({ device }: Actor): Promise<string> =>
    device.alive ? (await device.engine.status.read()).uncaptured.join() : wanted
  const end = stage.clock.now() + DRAIN_MS
  for (const actor of wanted === '' ? [] : stage.actors) {
    while ((await told(actor)) !== wanted && stage.clock.now() < end) await stage.pass(LOOK_MS)
    const said = await told(actor)
    if (said !== wanted)
      stage.trace.violated(
        'P17.8',
        actor.device.name,
        `says "${said}" is not captured, and "${wanted}" is not`,
      )
  }
}

async function isDrained(stage: Stage): Promise<boolean> {
  const truth = await stage.truthNow()
  return stage.actors.every(({ device }) => deviceIsDrained(stage, device, truth))
}

function deviceIsDrained(stage: Stage, device: Actor['device'], truth: Truth): boolean {
  if (!device.alive) return false
  const state = readLocalState(device.driver)
  if (!isComplete(state) || readOutbox(device.driver).length > 0) return false
  if (readGaps(device.driver).length > 0) return false
  // Other snapshots may show the same rows: history rows and registrations take xids, too.
  const meant = stage.truth.at(state.snapshot ?? '')
  if (!meant.some(({ rows }) => isSameRows(rows, truth.rows))) return false
  // After a restore a cursor may mean the time that is gone as well, and a gap shows in no cursor: only rows tell.
  if (meant.length === 1 && stage.doubted.size === 0) return true
  return readLocalTables(device.driver, device.manifest).every(
    (local) => judgeBase(local, truth, device.user).length === 0,
  )
}

function isSameRows(a: ReadonlyMap<string, { rows: ReadonlyMap<string, unknown> }>, b: typeof a): boolean {
  if (a === b) return true
  const text = (rows: typeof a): string =>
    JSON.stringify(
      [...rows].map(([name, table]) => [name, [...table.rows].sort(([x], [y]) => (x < y ? -1 : 1))]),
    )
  return text(a) === text(b)
}

async function judgeDrained(stage: Stage): Promise<void> {
  const truth = await stage.truthNow()
  for (const { device } of stage.actors) {
    if (deviceIsDrained(stage, device, truth)) continue
    if (!device.alive) {
      stage.trace.violated('P8', device.name, 'is not open')
      continue
    }
    const state = readLocalState(device.driver)
    const outbox = readOutbox(device.driver).length
    const { phase, error } = await device.engine.status.read()
    const gaps = readGaps(device.driver).join()
    if (gaps !== '') stage.trace.violated('P17.9', device.name, `has not verified ${gaps}`)
    const what = `outbox ${outbox}, ${isComplete(state) ? 'complete' : 'not complete'} at ${state.snapshot}, ${phase} ${error?.message ?? ''}`
    stage.trace.violated('P8', device.name, `has not drained: ${what}`)
  }
}

function judgeQuiet(stage: Stage, { device }: Actor): void {
  const count = (table: string): number =>
    Number(device.driver.prepare(`SELECT count(*) FROM ${quoteIdentifier(table)}`).all([])[0]?.[0])
  if (device.disk.bytes > MOST_BYTES)
    stage.trace.violated('P10', device.name, `${device.disk.bytes} bytes are stored`)
  if (readOutbox(device.driver).length > 0) return // judged above
  for (const { name } of device.manifest.tables) {
    for (const kind of ['before', 'base', 'seen']) {
      const left = count(`landfall_${kind}_${name}`)
      if (left > 0)
        stage.trace.violated('P10', device.name, `landfall_${kind}_${name} still has ${left} rows`)
    }
  }
}

/** All databases of this process share one SQLite. */
async function judgeMemory(stage: Stage): Promise<void> {
  const { sqlite3 } = await loadSqlite()
  const { capi, wasm } = sqlite3
  const stack = wasm.pstack.pointer
  const [now, most] = [wasm.pstack.alloc(8), wasm.pstack.alloc(8)]
  capi.sqlite3_status64(capi.SQLITE_STATUS_MEMORY_USED, now, most, 0)
  const bytes = Number(wasm.peek(now, 'i64'))
  wasm.pstack.restore(stack)
  if (bytes > stage.actors.length * MOST_MEMORY)
    stage.trace.violated('P10', 'world', `SQLite keeps ${bytes} bytes of memory`)
}

/** P7: whatever the server has refused is on the device that wrote it. */
async function judgeKept(stage: Stage): Promise<void> {
  if (stage.restored) return // the server has forgotten what it refused since the backup
  const rows = await stage.rejected()
  for (const { device } of stage.actors) {
    const client = device.driver.prepare('SELECT client FROM landfall_state').all([])[0]?.[0]
    const kept = new Set(
      device.driver
        .prepare('SELECT number FROM landfall_rejections')
        .all([])
        .map(([number]) => String(number)),
    )
    for (const rejected of rows) {
      if (rejected.client === client && !kept.has(rejected.number))
        stage.trace.violated('P7', device.name, `the rejected changeset ${rejected.number} is not kept`)
    }
  }
}

/** P3.3: `verify` finds nothing where all is well; and in some worlds it finds, and mends, what was planted. */
async function verifyAll(stage: Stage): Promise<void> {
  const luck = stage.random.fork('verify')
  if (luck.below(10) > 0) return
  const actor = stage.actors[luck.below(stage.actors.length)]
  if (actor === undefined) return
  const { device } = actor
  const first = await verified(stage, device)
  // It has asked for nothing since the restore, and learns of it now.
  if (stage.restored && first !== true && first.includes('history_lost')) return
  if (first !== true)
    return stage.trace.violated('P3', device.name, `verify finds ${first} where all is well`)
  if (!plantDamage(device)) return
  stage.watching = false
  const second = await verified(stage, device)
  if (second === true) stage.trace.violated('P3', device.name, 'verify has not found what was planted')
  await stage.pass(LOOK_MS)
  stage.watching = true
  const third = await verified(stage, device)
  if (third !== true) stage.trace.violated('P3', device.name, `verify has not mended ${third}`)
  actor.watch.lookAgain()
}

/** true, or what is different. */
async function verified(stage: Stage, device: Actor['device']): Promise<true | string> {
  const answer = await asked(stage, device)
  // A request that has hung since before the calm is waited for, and given up; the next one goes through.
  return answer !== true && answer.includes('timeout') ? asked(stage, device) : answer
}

async function asked(stage: Stage, device: Actor['device']): Promise<true | string> {
  let answer: true | string | null = null
  device.engine.verify.run().then(
    ({ ok, differences }) => (answer = ok || JSON.stringify(differences).slice(0, 300)),
    (error: unknown) => (answer = String(error)),
  )
  for (let waited = 0; answer === null && waited < 120_000; waited += 250) await stage.pass(250)
  return answer ?? 'no answer'
}

/** Behind the engine's back a row goes. False where there is none. */
function plantDamage(device: Actor['device']): boolean {
  return device.manifest.tables.some(({ name, key }) => {
    const table = quoteIdentifier(name)
    const columns = key.map(quoteIdentifier).join(', ')
    const count = device.driver.prepare(`SELECT count(*) FROM ${table}`).all([])[0]?.[0]
    if (count === 0) return false
    device.damage(`DELETE FROM ${table} WHERE (${columns}) IN (SELECT ${columns} FROM ${table} LIMIT 1)`)
    return true
  })
}
