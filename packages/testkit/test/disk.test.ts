/** The simulated disk: what it keeps, what it forgets, and that SQLite on it is deterministic and leaves nothing behind. */
import { createHash } from 'node:crypto'
import { loadSqlite } from '@landfall/engine'
import { createRandom, type Disk } from '@landfall/testkit'
import { createDisk, openDisk, seedSqlite } from '@landfall/testkit/internal'
import { describe, expect, test } from 'vitest'
import { clock, HISTORY, openNotes, transact } from './support/killed-store.ts'

/** The files' contents, to compare. */
const digest = (disk: Disk): { [file: string]: string } =>
  Object.fromEntries(
    [...disk.files()].map(([name, content]) => [name, createHash('sha256').update(content).digest('hex')]),
  )

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values)
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)

describe('what is found after a restart', () => {
  test('[T10] a killed program leaves what it wrote, synced or not', () => {
    const disk = createDisk(createRandom(1))
    const file = disk.attach().open('f', true)
    file?.write(bytes(1, 2, 3), 0)
    file?.sync()
    file?.write(bytes(9), 1)
    disk.restart('kill', createRandom(1))
    expect(disk.files().get('f')).toEqual(bytes(1, 9, 3))
    expect(() => file?.write(bytes(7), 0)).toThrow('dead')
  })

  test('[T10] a power cut leaves what was synced, and any of the sectors that were not', () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 60; seed++) {
      const disk = createDisk(createRandom(seed))
      const file = disk.attach().open('f', true)
      file?.write(filled(1024, 1), 0)
      file?.sync()
      file?.write(filled(1024, 2), 0)
      file?.write(filled(512, 3), 512)
      disk.restart('power', createRandom(seed))
      const found = disk.files().get('f')
      expect(found?.length).toBe(1024)
      seen.add(`${found?.[0]}${found?.[512]}`)
      for (const at of [0, 512])
        expect(found?.subarray(at, at + 512).every((byte) => byte === found[at])).toBe(true)
    }
    expect([...seen].toSorted()).toEqual(['11', '12', '13', '21', '22', '23'])
  })

  test('[T10] a power cut may undo a deletion and a new name, until one new file is synced', () => {
    const names = (synced: boolean): string[] => {
      const seen = new Set<string>()
      for (let seed = 0; seed < 20; seed++) {
        const disk = createDisk(createRandom(seed))
        const session = disk.attach()
        session.open('old', true)?.sync()
        session.remove('old', false)
        const file = session.open('new', true)
        if (synced) file?.sync()
        disk.restart('power', createRandom(seed))
        seen.add([...disk.files().keys()].toSorted().join())
      }
      return [...seen].toSorted()
    }
    expect(names(false)).toEqual(['', 'new', 'new,old', 'old'])
    expect(names(true)).toEqual(['new'])
  })

  test.each([
    ['die torn', 'dead', true],
    ['die before', 'dead', false],
    ['fail', 'fail', false],
    ['full', 'full', false],
  ] as const)(
    '[T10] a write that meets %s fails; only a torn one has written, a prefix',
    (fate, reason, wrote) => {
      const disk = createDisk(createRandom(5))
      const file = disk.attach().open('f', true)
      disk.watch(() => fate)
      expect(() => file?.write(filled(100, 1), 0)).toThrow(reason)
      expect(disk.bytes > 0).toBe(wrote)
      expect(disk.bytes).toBeLessThan(100)
    },
  )

  test('[T10] whoever has files open does not notice that they were erased', () => {
    const disk = createDisk(createRandom(1))
    const file = disk.attach().open('f', true)
    disk.erase()
    file?.write(bytes(1), 0)
    file?.sync()
    expect(file?.size()).toBe(1)
    expect(disk.files().size).toBe(0)
  })

  test('[T10] a disk has one user', async () => {
    const disk = createDisk(createRandom(1))
    const driver = await openDisk(disk, { clock })
    await expect(openDisk(disk, { clock })).rejects.toMatchObject({ code: 'storage_busy' })
    driver.close()
    const next = await openDisk(disk, { clock })
    disk.die()
    next.close()
    await expect(openDisk(disk, { clock })).rejects.toMatchObject({ code: 'storage_unavailable' })
  })
})

describe('a dead database', () => {
  test('[T10.1] closes without changing a byte, in the middle of a transaction too', async () => {
    const disk = createDisk(createRandom(1))
    const { driver, store } = await openNotes(disk)
    for (const statements of HISTORY) transact(store, statements)
    store.begin()
    store.prepareUser("DELETE FROM notes WHERE id = 'a'").run([])
    disk.die()
    const before = digest(disk)
    expect(() => driver.exec('COMMIT')).toThrow(expect.objectContaining({ code: 'storage_full' }))
    driver.close()
    expect(digest(disk)).toEqual(before)
    disk.restart('kill', createRandom(1))
    expect(digest(disk)).toEqual(before)
  })

  test('[T10.1] leaves no memory and no function behind: 300 opened and closed, half of them dead', async () => {
    await openAndClose(1, false)
    const before = await footprint()
    for (let seed = 0; seed < 300; seed++) await openAndClose(seed, seed % 2 === 0)
    expect(await footprint()).toEqual(before)
  })
})

async function openAndClose(seed: number, dead: boolean): Promise<void> {
  const disk = createDisk(createRandom(seed))
  const driver = await openDisk(disk, { clock })
  driver.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1); BEGIN; INSERT INTO t VALUES (2)')
  if (dead) disk.die()
  driver.close()
}

/** What SQLite holds in bytes, how large wasm memory is, how many functions it can call. */
async function footprint(): Promise<{ held: number; memory: number; functions: number }> {
  const { sqlite3, memory } = await loadSqlite()
  const { wasm, capi } = sqlite3
  const out = wasm.alloc(8)
  capi.sqlite3_status(capi.SQLITE_STATUS_MEMORY_USED, out, out + 4, 0)
  const held = wasm.peek32(out)
  wasm.dealloc(out)
  return { held, memory: memory.buffer.byteLength, functions: wasm.functionTable().length }
}

describe('randomness and time', () => {
  test('[T10.2] the same seed gives the same bytes, another seed others', async () => {
    const first = await played(3)
    const other = await played(4)
    expect(await played(3)).toEqual(first)
    expect(other).not.toEqual(first)
  })

  test('[T10.2] SQL’s now is the device’s clock', async () => {
    const driver = await openDisk(createDisk(createRandom(1)), { clock: { now: () => 4_000_000_000_123 } })
    const [[now] = []] = driver.prepare("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')").all([])
    driver.close()
    expect(now).toBe('2096-10-02 07:06:40.123')
  })
})

/** All files after a history that draws SQLite's own randomness, its WAL not yet checkpointed away. */
async function played(seed: number): Promise<{ [file: string]: string }> {
  await seedSqlite(createRandom(seed))
  const disk = createDisk(createRandom(1))
  const { driver, store } = await openNotes(disk)
  for (const statements of HISTORY) transact(store, statements)
  driver.exec('CREATE TABLE drawn AS SELECT random() AS a, randomblob(9) AS b')
  disk.die()
  driver.close()
  return digest(disk)
}
