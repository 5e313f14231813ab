/**
 * Opens real SQLite on a simulated disk, as the engine opens it in a browser, and seeds SQLite's own randomness.
 */
import { loadSqlite, openFile, type SqliteDriver } from '@landfall/engine'
import type { Clock } from '@landfall/protocol'
import type { Disk } from './disk.ts'
import { type DiskVfs, installDiskVfs } from './disk-vfs.ts'
import type { SeededRandom } from './random.ts'

const FILE = '/landfall.db'

export type OpenDiskOptions = {
  /** The device's; SQL's `now`. */
  clock: Pick<Clock, 'now'>
  /** Acknowledge commits before they are flushed, as with OPFS. */
  relaxed?: boolean
}

let installing: Promise<DiskVfs> | null = null
let opened = 0

/** The disk's one database. Closing it gives the disk back, and is needed for a dead disk's too: it holds memory. */
export async function openDisk(disk: Disk, options: OpenDiskOptions): Promise<SqliteDriver> {
  const { clock, relaxed = false } = options
  const { register } = await diskVfs()
  const session = disk.attach()
  const vfs = `disk-${++opened}`
  const { unregister } = register(vfs, { session, now: () => clock.now(), randomByte: () => 0 }, false)
  let released = false
  const release = (): void => {
    if (released) return
    released = true
    unregister()
    session.detach()
  }
  try {
    const driver = await openFile({ vfs, file: FILE, relaxed })
    return {
      ...driver,
      close() {
        driver.close()
        release()
      },
    }
  } catch (error) {
    release()
    throw error
  }
}

/**
 * Starts SQLite's randomness anew: WAL salts, `random()` and `randomblob()` of all databases in this process follow
 * from the seed and the order of what they do. Without a seed of its own SQLite asks its default VFS for one, so it is
 * made to forget its own while ours is the default.
 */
export async function seedSqlite(random: SeededRandom): Promise<void> {
  const { sqlite3 } = await loadSqlite()
  const { register } = await diskVfs()
  const { capi } = sqlite3
  const usual = capi.sqlite3_vfs_find(null)
  const host = { session: null, now: () => 0, randomByte: () => random.below(256) }
  const { unregister } = register('seed', host, true)
  capi.sqlite3_randomness(new Uint8Array(0)) // forgets
  capi.sqlite3_randomness(new Uint8Array(1)) // asks
  capi.sqlite3_vfs_register(usual, 1)
  unregister()
}

function diskVfs(): Promise<DiskVfs> {
  installing ??= loadSqlite().then(installDiskVfs)
  return installing
}
