/** A real store on a simulated disk, killed or refused at every disk call and statement of a history, and judged. */
import { LandfallError } from '@landfall/protocol'
import { createRandom, type Disk, type DiskCall } from '@landfall/testkit'
import { createDisk, openDisk, watchDriver } from '@landfall/testkit/internal'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  clock,
  dump,
  HISTORY,
  judge,
  type Keeping,
  openNotes,
  openNotesStore,
  play,
  transact,
  undisturbed,
  type Verdict,
} from './support/killed-store.ts'

type Death = 'die before' | 'die after' | 'die torn'
type Kill = { keeping?: Keeping; restart: 'kill' | 'power'; death: Death; every?: number }

/** What the database holds after each transaction of the history. */
let states: string[] = []
beforeAll(async () => {
  states = await undisturbed()
})

/** Calls at which a death leaves something of its own: before a write is after what preceded it, a read leaves nothing. */
const WORTHWHILE: { [death in Death]: (call: DiskCall) => boolean } = {
  'die before': ({ kind }) => kind !== 'write',
  'die after': ({ kind }) => kind !== 'read',
  'die torn': ({ kind }) => kind === 'write',
}

async function callsOf(keeping: Keeping): Promise<DiskCall[]> {
  const calls: DiskCall[] = []
  const disk = createDisk(createRandom(1))
  disk.watch((call) => {
    calls.push(call)
    return 'go'
  })
  await play(disk, keeping)
  return calls
}

/** Kills the history at each of its calls, or every so many, and counts the verdicts. */
async function killEverywhere({ keeping = {}, restart, death, every = 1 }: Kill) {
  const verdicts: { [verdict in Verdict]: number } = { kept: 0, lost: 0, half: 0, corrupt: 0 }
  const calls = (await callsOf(keeping)).filter(WORTHWHILE[death])
  for (const { n } of calls.filter((_, i) => i % every === 0)) {
    const disk = createDisk(createRandom(n))
    disk.watch((call) => (call.n === n ? death : 'go'))
    const acknowledged = await play(disk, keeping)
    disk.watch(null)
    disk.restart(restart, createRandom(n))
    verdicts[await judge(disk, acknowledged, states)]++
  }
  return verdicts
}

describe('killed at every disk call', () => {
  const deaths = ['die before', 'die after', 'die torn'] as const

  test.each(deaths)('[P1] every acknowledged transaction is there after a kill: %s', async (death) => {
    const { kept, ...bad } = await killEverywhere({ restart: 'kill', death })
    expect(bad).toEqual({ lost: 0, half: 0, corrupt: 0 })
    expect(kept).toBeGreaterThan(100)
  })

  test.each(deaths)('[P1.4] and after a power cut: %s', async (death) => {
    const { kept, ...bad } = await killEverywhere({ restart: 'power', death })
    expect(bad).toEqual({ lost: 0, half: 0, corrupt: 0 })
    expect(kept).toBeGreaterThan(100)
  })

  test('[P1.4] what a relaxed database loses in a power cut it loses whole', async () => {
    const keeping = { relaxed: true }
    const { lost, half, corrupt } = await killEverywhere({ keeping, restart: 'power', death: 'die after' })
    expect({ half, corrupt }).toEqual({ half: 0, corrupt: 0 })
    expect(lost).toBeGreaterThan(0)
  })

  test('[T10.3] a database that does not flush is seen to lose transactions and to break', async () => {
    const keeping = { tuned: 'PRAGMA synchronous = off' }
    const found = await killEverywhere({ keeping, restart: 'power', death: 'die after', every: 5 })
    expect(found.lost).toBeGreaterThan(0)
    expect(found.corrupt).toBeGreaterThan(0)
  })

  test('[T10.3] a database without a journal on the disk is seen to keep halves and to break', async () => {
    const keeping = { tuned: 'PRAGMA journal_mode = memory' }
    const found = await killEverywhere({ keeping, restart: 'kill', death: 'die after', every: 3 })
    expect(found.half).toBeGreaterThan(0)
    expect(found.corrupt).toBeGreaterThan(0)
  })
})

describe('killed at every statement', () => {
  test.each(['before', 'after'] as const)('[P1.2] %s it: data, outbox and clock agree', async (when) => {
    for (let n = 1; ; n++) {
      const disk = createDisk(createRandom(n))
      const acknowledged = await playStatements(disk, n, when)
      if (!disk.dead) return expect(n).toBeGreaterThan(50)
      disk.restart(n % 2 === 0 ? 'kill' : 'power', createRandom(n))
      expect(await judge(disk, acknowledged, states), `statement ${n}`).toBe('kept')
    }
  })
})

/** Plays the history on a machine that dies at its n-th statement, if there is one. */
async function playStatements(disk: Disk, n: number, when: 'before' | 'after'): Promise<number> {
  const driver = await openDisk(disk, { clock })
  const watched = watchDriver(driver, (run) => {
    if (run.n !== n || run.when !== when) return
    disk.die()
    throw new LandfallError('internal', { what: 'killed' })
  })
  let acknowledged = 0
  try {
    const store = openNotesStore(watched)
    for (const statements of HISTORY) {
      transact(store, statements)
      acknowledged++
    }
  } catch (error) {
    if (!disk.dead) throw error
  } finally {
    driver.close()
  }
  return acknowledged
}

describe('what is sent survives a power cut', () => {
  const EVERYTHING = { changesets: 100, bytes: 1 << 30 }

  async function numbersIn(disk: Disk, keeping: Keeping): Promise<number[]> {
    const { driver, store } = await openNotes(disk, keeping)
    const sent = store.readOutbox(EVERYTHING).map(({ number }) => number)
    disk.die()
    driver.close()
    disk.restart('power', createRandom(sent.length))
    return sent
  }

  test('[P1.6] also a commit that was killed before its flush, and found again', async () => {
    let unflushed = 0
    for (const { n } of (await callsOf({})).filter(({ kind }) => kind === 'sync')) {
      const disk = createDisk(createRandom(n))
      disk.watch((call) => (call.n === n ? 'die before' : 'go'))
      const acknowledged = await play(disk)
      if (!disk.dead) continue
      disk.watch(null)
      disk.restart('kill', createRandom(n))
      const sent = await numbersIn(disk, {})
      if (sent.length > acknowledged) unflushed++
      expect(await numbersIn(disk, {}), `sync ${n}`).toEqual(sent)
    }
    expect(unflushed).toBeGreaterThan(3)
  })

  test('[P1.6] also of a relaxed database', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const disk = createDisk(createRandom(seed))
      const { driver, store } = await openNotes(disk, { relaxed: true })
      const some = HISTORY.slice(0, 1 + (seed % HISTORY.length))
      for (const statements of some) transact(store, statements)
      const sent = store.readOutbox(EVERYTHING).map(({ number }) => number)
      disk.die()
      driver.close()
      disk.restart('power', createRandom(seed))
      expect(sent).toHaveLength(some.length)
      expect(await numbersIn(disk, { relaxed: true }), `seed ${seed}`).toEqual(sent)
    }
  })
})

describe('refused from every disk call on', () => {
  test.each([
    ['full', ['storage_full', 'storage_unavailable']],
    ['fail', ['storage_full', 'storage_lost', 'storage_unavailable']],
  ] as const)('[P1.5] %s: rolled back whole, and the database works on', async (fate, expected) => {
    const codes = new Set<string>()
    const calls = (await callsOf({})).filter(({ kind }) => fate === 'fail' || kind !== 'read')
    for (const { n } of calls.filter((_, i) => i % 2 === 0)) {
      const disk = createDisk(createRandom(n))
      disk.watch((call) => (call.n < n ? 'go' : fate))
      for (const code of await playRefused(disk)) codes.add(code)
    }
    expect([...codes].toSorted()).toEqual(expected)
  })

  test('[P1.5] and killed right after the refusal, each transaction is there whole or not at all', async () => {
    expect(await foundAfterRefusal(({ kind }) => kind !== 'read', 'for ever')).not.toContain('half')
  })

  test('[P1.1] and if a single flush was refused, nothing of it is there', async () => {
    expect(await foundAfterRefusal(({ kind }) => kind === 'sync', 'once')).toEqual(new Set(['absent']))
  })
})

/** Plays the history, each step again once its refusal is lifted; answers the codes of the refusals. */
async function playRefused(disk: Disk): Promise<string[]> {
  const codes: string[] = []
  const lift = (error: unknown): void => {
    if (!(error instanceof LandfallError)) throw error
    codes.push(error.code)
    disk.watch(null)
  }
  const { driver, store } = await openNotes(disk).catch((error: unknown) => {
    lift(error)
    return openNotes(disk)
  })
  for (const [k, statements] of HISTORY.entries()) {
    try {
      transact(store, statements)
    } catch (error) {
      lift(error)
      expect(dump(driver)).toBe(states[k])
      transact(store, statements)
    }
  }
  disk.watch(null) // a checkpoint's failure is nobody's
  expect(dump(driver)).toBe(states.at(-1))
  driver.close()
  return codes
}

/** Whether transactions that were refused are there when the machine is killed at once. */
async function foundAfterRefusal(
  at: (call: DiskCall) => boolean,
  often: 'once' | 'for ever',
): Promise<Set<'absent' | 'there' | 'half'>> {
  const found = new Set<'absent' | 'there' | 'half'>()
  for (const { n } of (await callsOf({})).filter(at)) {
    const disk = createDisk(createRandom(n))
    disk.watch((call) => (call.n < n || (often === 'once' && call.n > n) ? 'go' : 'full'))
    const acknowledged = await playUntilRefused(disk)
    if (acknowledged === null) continue
    disk.watch(null)
    const { driver } = await openNotes(disk)
    const index = states.indexOf(dump(driver)) - acknowledged
    found.add(index === 0 ? 'absent' : index === 1 ? 'there' : 'half')
    driver.close()
  }
  return found
}

/** How many transactions were acknowledged before one was refused; null when none was. Kills the machine. */
async function playUntilRefused(disk: Disk): Promise<number | null> {
  const opened = await openNotes(disk).catch(() => null)
  if (opened === null) return null
  let acknowledged = 0
  let refused = false
  try {
    for (const statements of HISTORY) {
      transact(opened.store, statements)
      acknowledged++
    }
  } catch {
    refused = true
  }
  disk.restart('kill', createRandom(1))
  opened.driver.close()
  return refused ? acknowledged : null
}
