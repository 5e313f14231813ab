/**
 * Fieldbook's server: one process that serves the page, signs people in and syncs.
 *
 * PORT (4820) and DATABASE_URL (a PGlite folder beside the app, or `postgres://...`) are all there is to set.
 */
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { startFieldbook } from './fieldbook.ts'

const home = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const port = Number(process.env.PORT ?? 4820)
const databaseUrl = process.env.DATABASE_URL || `pglite:${home('.data/fieldbook')}`

const fieldbook = await startFieldbook({
  databaseUrl,
  secretFile: process.env.FIELDBOOK_SECRET_FILE ?? home('.data/secret'),
  pageFolder: home('dist/page'),
  log: (line) => console.log(line),
})
const listener = serve({ fetch: fieldbook.app.fetch, port }, ({ port: bound }) => {
  console.log(
    `Fieldbook is ready:  http://localhost:${bound}       two devices:  http://localhost:${bound}/duo`,
  )
})

const DAY_MS = 24 * 60 * 60 * 1000
const pruning = setInterval(() => {
  fieldbook
    .prune()
    .catch((error: unknown) => console.error('pruning failed; it is tried again tomorrow', error))
}, DAY_MS)

let stopping = false
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  clearInterval(pruning)
  await fieldbook.close()
  listener.close(() => process.exit(0))
  if ('closeAllConnections' in listener) listener.closeAllConnections()
}
process.on('SIGINT', () => void stop())
process.on('SIGTERM', () => void stop())
