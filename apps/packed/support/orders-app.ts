/**
 * The app in `../app`, a project of somebody else's: installed from the tarballs, built by some bundler, on a database
 * that was there before it, in a real Chromium.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type App, startApp } from '@landfall/tools/app'
import { chromiumArgs, findChromium } from '@landfall/tools/chromium'
import { createTestDatabase } from '@landfall/tools/postgres'
import { chromium, type Page } from 'playwright-core'
import postgres from 'postgres'
import { type Consumer, createConsumer } from './consumer.ts'
import { versionOf } from './pack.ts'

export type ReactVersion = { react: string; types: string; typesDom: string }

export const REACT_18: ReactVersion = { react: '18.3.1', types: '18.3.31', typesDom: '18.3.7' }
export const REACT_19: ReactVersion = {
  react: versionOf('react'),
  types: versionOf('@types/react'),
  typesDom: versionOf('@types/react-dom'),
}

const OURS = ['protocol', 'schema', 'engine', 'client', 'server', 'react'].map((name) => `@landfall/${name}`)
const THEIRS = ['drizzle-orm', 'hono', '@hono/node-server', '@types/node']

export type OrdersProjectOptions = {
  tarballs: { [name: string]: string }
  react: ReactVersion
  /** What builds it, with versions. */
  bundler: { [name: string]: string }
}

export function createOrdersProject({ tarballs, react, bundler }: OrdersProjectOptions): Consumer {
  const dependencies = {
    ...Object.fromEntries(THEIRS.map((name) => [name, versionOf(name)])),
    react: react.react,
    'react-dom': react.react,
    '@types/react': react.types,
    '@types/react-dom': react.typesDom,
    tsx: '4.23.15',
    ...bundler,
  }
  return createConsumer({ tarballs, packages: OURS, dependencies, template: 'app' })
}

export type Orders = {
  page: Page
  sql: postgres.Sql
  /** Everything that the page complained of. */
  complaints: string[]
  close(): Promise<void>
}

/** Starts the project's server on a database with rows of its own, and opens the page: that server's, or the front's. */
export async function openOrders(
  project: Consumer,
  startFront: (server: App) => Promise<App> = async (server) => server,
): Promise<Orders> {
  const database = await createTestDatabase('orders')
  const sql = postgres(database.url, { max: 1, onnotice: () => {} })
  await sql.unsafe(readFileSync(join(project.folder, 'schema.sql'), 'utf8'))
  const server = await startServer(project, database.url)
  const front = await startFront(server)
  const browser = await chromium.launch({ executablePath: findChromium().path, args: chromiumArgs() })
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.goto(front.url)
  return {
    page,
    sql,
    complaints,
    async close() {
      await browser.close()
      await front.stop()
      await server.stop()
      await sql.end()
      await database.drop()
    },
  }
}

function startServer({ folder }: Consumer, databaseUrl: string): Promise<App> {
  const tsx = pathToFileURL(join(folder, 'node_modules/tsx/dist/esm/index.mjs')).href
  return startApp({
    entry: join(folder, 'server.ts'),
    databaseUrl,
    ready: /^ready on/m,
    env: { NODE_OPTIONS: `--import ${tsx}`, PAGE: join(folder, 'dist') },
  })
}
