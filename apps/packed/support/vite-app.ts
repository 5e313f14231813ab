/**
 * The app in `../app` on a database that was there before it, built by Vite from the tarballs, in a real Chromium, under a
 * strict Content Security Policy.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type App, startApp } from '@landfall/tools/app'
import { chromiumArgs, findChromium } from '@landfall/tools/chromium'
import { createTestDatabase, type TestDatabase } from '@landfall/tools/postgres'
import { type Browser, chromium, type Page } from 'playwright-core'
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
const THEIRS = ['drizzle-orm', 'hono', '@hono/node-server', 'vite', '@vitejs/plugin-react', 'typescript']

export function createViteProject(
  tarballs: { [name: string]: string },
  { react, types, typesDom }: ReactVersion,
): Consumer {
  const dependencies = {
    ...Object.fromEntries([...THEIRS, '@types/node'].map((name) => [name, versionOf(name)])),
    react,
    'react-dom': react,
    '@types/react': types,
    '@types/react-dom': typesDom,
    tsx: '4.23.15',
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

/** Starts the project's server on a database with rows of its own, and opens its page. */
export async function openOrders(project: Consumer): Promise<Orders> {
  const database: TestDatabase = await createTestDatabase('orders')
  const sql = postgres(database.url, { max: 1, onnotice: () => {} })
  await sql.unsafe(readFileSync(join(project.folder, 'schema.sql'), 'utf8'))
  const server: App = await startApp({
    entry: join(project.folder, 'server.ts'),
    databaseUrl: database.url,
    ready: /^ready on/m,
    env: {
      NODE_OPTIONS: `--import ${pathToFileURL(join(project.folder, 'node_modules/tsx/dist/esm/index.mjs')).href}`,
      PAGE: join(project.folder, 'dist'),
    },
  })
  const browser: Browser = await chromium.launch({
    executablePath: findChromium().path,
    args: chromiumArgs(),
  })
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.goto(server.url)
  return {
    page,
    sql,
    complaints,
    async close() {
      await browser.close()
      await server.stop()
      await sql.end()
      await database.drop()
    },
  }
}
