/** A provider that opens its database itself, live queries that suspend and that keep former rows, in a real Chromium. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PageServer, servePage } from '@landfall/tools/chromium-page'
import type {} from './support/opening-page.tsx'

let server: PageServer
let page: Page
beforeAll(async () => {
  server = await servePage(new URL('./support/opening-page.tsx', import.meta.url))
  page = await server.open(await server.context())
})
afterAll(() => server.close())

const text = (id: string): Promise<string | null> => page.locator(`#${id}`).textContent()
const shows = (id: string, wanted: string): Promise<unknown> =>
  page.waitForFunction(([at, what]) => document.getElementById(at ?? '')?.textContent === what, [id, wanted])
const press = (name: string): Promise<void> => page.getByRole('button', { name }).click()
const workers = (): Promise<string[]> => page.evaluate(() => openingPage.workers)

test('[P15.3] a provider that StrictMode mounts twice opens its database once', async () => {
  await shows('count', 'true 0')
  expect(await page.locator('#opening, #counting').count()).toBe(0)
  expect(await workers()).toEqual(['started'])
  await press('Once more')
  await shows('others', 'shared')
  expect(await workers()).toEqual(['started'])
})

test('[P9.2] new parameters show the former rows as stale until their own arrive', async () => {
  await press('Fill')
  await shows('list', 'first: note 1,note 2,note 3')
  await shows('count', 'true 3')
  await press('Next')
  await press('Next')
  await shows('list', 'first: note 2,note 3')
  const since = (await page.evaluate(() => openingPage.shown)).filter(({ from }) => from > 0)
  expect(since.every(({ ready, rows }) => ready && rows.length > 0)).toBe(true)
  expect(since[0]).toMatchObject({ from: 1, rows: [1, 2, 3], stale: true })
  expect(since.at(-1)).toMatchObject({ from: 2, rows: [2, 3], stale: false })
})

test('[P12.2] the badge is styled without a style element', async () => {
  expect(await page.locator('style').count()).toBe(0)
  const radius = (): string =>
    getComputedStyle(document.querySelector('.landfall-badge-button') ?? document.body).borderRadius
  expect(await page.evaluate(radius)).toBe('999px')
})

test('[P15.3] a provider that changes its database closes the former one and never shows its rows again', async () => {
  await press('Other user')
  await shows('list', 'second: ')
  await shows('count', 'true 0')
  const second = (await page.evaluate(() => openingPage.shown)).filter(
    ({ database }) => database === 'second',
  )
  expect(second.flatMap(({ rows }) => rows)).toEqual([])
  await page.waitForFunction(() => openingPage.workers.includes('ended'))
  expect((await workers()).toSorted()).toEqual(['ended', 'started', 'started'])
})

test('[P15.3] a provider closes its database when it unmounts, and finds its rows when it mounts again', async () => {
  await press('Leave')
  expect(await text('gone')).toBe('gone')
  await page.waitForFunction(() => openingPage.workers.filter((what) => what === 'ended').length === 2)
  await page.reload()
  await shows('count', 'true 3')
})

test('[P15.3] a failure to open reaches the error boundary', async () => {
  await press('Bad name')
  await page.locator('#error').waitFor()
  expect(await text('error')).toMatch(/^LandfallError: \w+: /)
})
