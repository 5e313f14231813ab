/** React over the client in a real Chromium. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PageServer, servePage } from '@landfall/tools/chromium-page'
import type {} from './support/page.tsx'

let server: PageServer
let page: Page
beforeAll(async () => {
  server = await servePage(new URL('./support/page.tsx', import.meta.url))
  page = await server.open(await server.context())
})
afterAll(() => server.close())

const list = (): Promise<string[]> => page.locator('#list li').allTextContents()

test('[P9.1] a component shows its rows, and one changed row renders one line', async () => {
  await page.waitForFunction(() => document.getElementById('state')?.textContent === 'ready 0 fine')
  await page.evaluate(() =>
    reactPage.db.batch(
      [1, 2, 3].map((id) => [
        'insert into notes (id, project, title) values (?, ?, ?)',
        [id, 'p', `note ${id}`],
      ]),
    ),
  )
  await page.waitForFunction(() => document.querySelectorAll('#list li').length === 3)
  const before = await page.evaluate(() => ({ ...reactPage.renders }))
  await page.evaluate(() => reactPage.db.run(`update notes set title = 'changed' where id = 2`))
  await page.waitForFunction(() => document.querySelectorAll('#list li')[1]?.textContent === 'changed')
  const after = await page.evaluate(() => reactPage.renders)
  expect(after[1]).toBe(before[1])
  expect(after[3]).toBe(before[3])
  expect(after[2]).toBeGreaterThan(before[2] ?? 0)
  expect(await page.locator('#state').textContent()).toBe('ready 3 fine')
})

test('[P9.1] new parameters show their own rows', async () => {
  await page.getByRole('button', { name: 'From 2' }).click()
  await page.waitForFunction(() => document.querySelectorAll('#list li').length === 2)
  expect(await list()).toEqual(['changed', 'note 3'])
})

test('[P12.2] the badge says what is unsent and which storage is used, and opens by keyboard', async () => {
  const badge = page.getByRole('button', { name: /unsent/ })
  await badge.waitFor()
  expect(await page.getByRole('status').textContent()).toBe('Offline · 2 unsent')
  expect(await badge.textContent()).toBe('Offline · 2 unsent')
  await badge.focus()
  await page.keyboard.press('Enter')
  const panel = page.getByRole('group', { name: 'Sync status' })
  expect(await panel.locator('li').allTextContents()).toEqual([
    '2 changes are kept here and not sent yet',
    'Never in step with the server yet',
    expect.stringMatching(/^On this device/),
    expect.stringMatching(/^What answered is no sync server/),
  ])
  expect(await badge.getAttribute('aria-expanded')).toBe('true')
  await page.keyboard.press('Escape')
  expect(await panel.isVisible()).toBe(false)
})

test('[P9.2] another database shows none of the former rows', async () => {
  await page.evaluate(() => void reactPage.lists.splice(0))
  await page.getByRole('button', { name: 'Other database' }).click()
  await page.waitForFunction(() => reactPage.lists.length > 0 && document.querySelector('#list li') === null)
  expect(new Set(await page.evaluate(() => reactPage.lists))).toEqual(new Set([0]))
})
