/**
 * Opens a database in the browser: starts the worker that holds it, and links to it.
 */
import { LandfallError } from '@landfall/protocol'
import { Landfall } from './landfall.ts'
import type { EngineLink } from './link/link.ts'
import { openWorkerLink } from './link/worker-link.ts'
import type { BrowserOptions } from './options.ts'

/**
 * Opens the local database and starts syncing it. Resolves when SQL can be run, with or without a network; or when
 * another tab has the database open, which `status.leader` says: this tab takes over when that one closes.
 *
 * Rejects with `wrong_platform` outside a browser's page, with `insecure_origin`, `storage_unavailable`, `storage_busy`,
 * `storage_newer` or `storage_corrupt` when the files cannot be used, with `name_invalid` for too long a name, and with
 * `worker_failed` when `worker.js` or `sqlite3.wasm` is not served.
 *
 * ```ts
 * const db = await openLandfall({ sync, url: '/sync', database: 'alice', getToken: () => session.token })
 * ```
 */
export async function openLandfall<Sqlite extends Record<string, unknown>>(
  options: BrowserOptions<Sqlite>,
): Promise<Landfall<Sqlite>> {
  const { sync, database, getToken } = options
  mustBePage()
  const link = await openWorkerLink({
    worker: options.worker ?? startWorker(),
    getToken,
    database,
    url: new URL(options.url, location.href).href,
    manifest: sync.manifest,
    wasmUrl: options.wasmUrl === undefined ? null : new URL(options.wasmUrl, location.href).href,
  })
  const landfall = await Landfall.over(watchPage(link), sync.sqlite)
  void askForPersistence(link)
  return landfall
}

/** Written so that bundlers see it: this exact form makes them emit the worker beside the page. */
function startWorker(): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'landfall' })
}

function mustBePage(): void {
  if (typeof document === 'undefined' || typeof Worker === 'undefined')
    throw new LandfallError('wrong_platform')
  if (!isSecureContext) throw new LandfallError('insecure_origin', { origin: location.origin })
  const missing = ['locks', 'storage'].filter((name) => !(name in navigator))
  if (missing.length > 0) {
    throw new LandfallError('storage_unavailable', { missing })
  }
}

/** Only the page sees that it became visible again: the moment to look whether everything is still in step. */
function watchPage(link: EngineLink): EngineLink {
  const changed = (): void => {
    if (document.visibilityState === 'visible') link.signal('visible')
  }
  document.addEventListener('visibilitychange', changed)
  return {
    ...link,
    end() {
      document.removeEventListener('visibilitychange', changed)
      link.end()
    },
  }
}

/** Browsers delete unpersisted data when the disk is full. What they answer shows in `status.storage`. */
async function askForPersistence(link: EngineLink): Promise<void> {
  const granted = await navigator.storage.persist().catch(() => false)
  if (granted) link.signal('visible')
}
