/**
 * What the specs share: the built app as a process of its own on a fresh database of a real Postgres, devices (browsers
 * with a notebook open), and the comparison of a device with Postgres.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type App, startApp } from '@landfall/tools/app'
import { createTestDatabase } from '@landfall/tools/postgres'
import {
  test as base,
  type BrowserContext,
  type FrameLocator,
  type Page,
  type TestInfo,
} from '@playwright/test'
import postgres from 'postgres'

export { expect } from '@playwright/test'

const ENTRY = fileURLToPath(new URL('../dist/server/main.js', import.meta.url))

export type Fieldbook = {
  app: App
  /** Writes straight to Postgres, past the sync server, as psql does. */
  sql: postgres.Sql
}

type Fixtures = {
  /** Opens a device of that person, on the project that Ada and Ben share unless told. */
  devices: (handle: string, path?: string) => Promise<Device>
}

/** One server for all tests of a file; each test's devices have browsers of their own. */
export const test = base.extend<Fixtures, { fieldbook: Fieldbook }>({
  fieldbook: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from the pattern
    async ({}, provide) => {
      const { url, drop } = await createTestDatabase()
      const folder = mkdtempSync(join(tmpdir(), 'fieldbook-'))
      const sql = postgres(url, { max: 2, onnotice: () => {}, connection: { TimeZone: 'UTC' } })
      const env = { FIELDBOOK_SECRET_FILE: join(folder, 'secret') }
      const app = await startApp({ entry: ENTRY, databaseUrl: url, ready: /Fieldbook is ready/, env })
      await provide({ app, sql })
      await app.stop()
      await sql.end()
      await drop()
      rmSync(folder, { recursive: true })
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  devices: async ({ playwright, fieldbook }, provide) => {
    const folder = mkdtempSync(join(tmpdir(), 'fieldbook-devices-'))
    const opened: Device[] = []
    await provide(async (handle, path = '/project/HRB') => {
      const profile = mkdtempSync(join(folder, `${handle}-`))
      const context = await playwright.chromium.launchPersistentContext(
        profile,
        deviceOptions(fieldbook.app.url),
      )
      const device = await openDevice(context, handle, path)
      opened.push(device)
      return device
    })
    await Promise.all(opened.map(({ context }) => context.close()))
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  },
})

/**
 * A browser with a profile on disk. Playwright's usual contexts are private windows, whose files live in the memory of
 * the browser's process: twenty times slower to write, and no proof that anything was stored.
 */
function deviceOptions(baseURL: string) {
  const { launchOptions = {} } = test.info().project.use
  return { ...launchOptions, headless: true, baseURL, viewport: { width: 1280, height: 820 } }
}

export type Cell = string | number | bigint | null
export type Row = { [column: string]: Cell }

/** A person's browser with the notebook open. */
export type Device = {
  context: BrowserContext
  handle: string
  page: Page
  /** Opens the notebook in a new page of the same browser, as after a crash. */
  reopen(): Promise<Page>
}

async function openDevice(context: BrowserContext, handle: string, path: string): Promise<Device> {
  const open = async () => {
    const page = await context.newPage()
    await page.goto(`${path}?user=${handle}`)
    return page
  }
  const device: Device = {
    context,
    handle,
    page: await open(),
    reopen: async () => (device.page = await open()),
  }
  return device
}

/** The page's own database, as the browser's console has it. */
type Console = {
  db: {
    all(sql: string, params?: unknown[]): Promise<Row[]>
    run(sql: string, params?: unknown[]): Promise<unknown>
    sync: { settled(): Promise<void> }
    status: { phase: string; outbox: number; rejections: number; scopes: { ready: boolean }[] }
  }
}

declare global {
  interface Window {
    fieldbook?: Console
  }
}

/** Asks the device's own SQLite. */
export function query(page: Page, sql: string, params: unknown[] = []): Promise<Row[]> {
  return page.evaluate(async ([text, values]) => (await window.fieldbook?.db.all(text, values)) ?? [], [
    sql,
    params,
  ] as const)
}

/** Waits until the first load is complete. */
export async function untilLoaded(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const scopes = window.fieldbook?.db.status.scopes ?? []
    return scopes.length > 0 && scopes.every(({ ready }) => ready)
  })
}

/** Waits until nothing is unsent and a pull begun now has been applied. */
export async function untilSettled(page: Page): Promise<void> {
  await page.evaluate(() => window.fieldbook?.db.sync.settled())
}

/** How many changesets the server has not acknowledged. */
export async function countUnsent(page: Page): Promise<number> {
  const [row] = await query(page, 'select count(*) as unsent from landfall_outbox')
  return Number(row?.unsent)
}

/** With the demo's switch; a page of /duo has one in each frame. */
export async function switchNetwork(scope: Page | FrameLocator, on: boolean): Promise<void> {
  const button = scope.getByRole('switch')
  if ((await button.getAttribute('aria-checked')) !== String(on)) await button.click()
}

export async function attachScreen(info: TestInfo, page: Page, name: string): Promise<void> {
  const path = info.outputPath(`${name}.png`)
  await page.screenshot({ path })
  await info.attach(name, { path, contentType: 'image/png' })
}
