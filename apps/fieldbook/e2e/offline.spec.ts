/** The app opens and works with no network and no server, and several tabs of one notebook do not fight. */
import {
  attachScreen,
  countUnsent,
  expect,
  query,
  switchNetwork,
  test,
  untilLoaded,
  untilSettled,
} from './fieldbook.ts'

test('[F2] the app opens with the server down, and what is written meanwhile arrives when it is back', async ({
  devices,
  fieldbook,
}, info) => {
  const device = await devices('ada')
  await untilLoaded(device.page)
  await device.page.waitForFunction(
    async () => (await navigator.serviceWorker.ready).active?.state === 'activated',
  )
  await device.page.close()
  await fieldbook.app.kill()

  const page = await device.reopen()
  await expect(page.locator('[data-row]').first()).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Harbour Row, Block B' })).toBeVisible()
  await page.keyboard.press('n')
  await page.getByRole('textbox', { name: 'Title' }).fill('Noted while the server was down')
  await page.keyboard.press('Enter')
  await expect(page.locator('[data-row]', { hasText: 'Noted while the server was down' })).toBeVisible()
  expect(await countUnsent(page)).toBeGreaterThan(0)
  await attachScreen(info, page, 'server-down')

  await fieldbook.app.start()
  const arrived = () => fieldbook.sql`select 1 from checks where title = 'Noted while the server was down'`
  await expect.poll(async () => (await arrived()).length, { timeout: 60_000 }).toBe(1)
  await untilSettled(page)
  expect(await countUnsent(page)).toBe(0)
})

test('[F2.1] with the network cut off, a new page comes from the service worker, and sync is never cached', async ({
  devices,
}) => {
  const device = await devices('ben')
  await untilLoaded(device.page)
  const stored = await device.page.evaluate(async () => {
    await navigator.serviceWorker.ready
    const names = await caches.keys()
    const caught = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()))
    return caught.flat().map(({ url }) => new URL(url).pathname)
  })
  expect(stored).toContain('/index.html')
  expect(stored.some((path) => /sqlite3.*\.wasm$/.test(path))).toBe(true)
  expect(stored.filter((path) => /^\/(sync|demo)/.test(path))).toEqual([])

  await device.page.close()
  await device.context.setOffline(true)
  const page = await device.reopen()
  await expect(page.locator('[data-row]').first()).toBeVisible()
  await device.context.setOffline(false)
})

test('[F2.2] the page can be installed', async ({ devices }) => {
  const { page, context } = await devices('ben')
  await page.waitForFunction(async () => (await navigator.serviceWorker.ready).active !== null)
  const session = await context.newCDPSession(page)
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors')
  expect(installabilityErrors).toEqual([])
  const { errors, data } = await session.send('Page.getAppManifest')
  expect(errors).toEqual([])
  expect(data).toContain('"display": "standalone"')
})

test('[P12.2] the badge says what is unsent, when it was last in step and what storage is used', async ({
  devices,
}, info) => {
  const { page } = await devices('ada')
  await untilLoaded(page)
  const badge = page.locator('.landfall-badge')
  await expect(badge).toContainText('In step')
  await switchNetwork(page, false)
  await page.keyboard.press('n')
  await expect(badge).toContainText('Offline · 1 unsent')
  await badge.getByRole('button').click()
  await expect(badge).toContainText('1 change is kept here and not sent yet')
  await expect(badge).toContainText('Last in step')
  await expect(badge).toContainText('On this device')
  await attachScreen(info, page, 'badge')
  await switchNetwork(page, true)
  await expect(badge).toContainText('In step')
})

test('[P15] a second tab gets a coded answer and takes over when the first closes', async ({
  devices,
}, info) => {
  const device = await devices('ada')
  const first = device.page
  await untilLoaded(first)
  const second = await device.reopen()
  await expect(second.getByRole('heading', { name: 'open in another tab' })).toBeVisible()
  const code = await second.evaluate(async () => {
    try {
      await window.fieldbook?.db.all('select 1')
      return 'no error'
    } catch (error) {
      return (error as { code?: string }).code
    }
  })
  expect(code).toBe('database_in_use')
  await attachScreen(info, second, 'second-tab')
  await first.close()
  await expect(second.locator('[data-row]').first()).toBeVisible()
  expect(await query(second, 'select count(*) > 100 as many from checks')).toEqual([{ many: 1 }])
})

test('[F4] two devices side by side, each with its own database and its own offline switch', async ({
  devices,
}, info) => {
  const { page } = await devices('ada', '/duo')
  await page.setViewportSize({ width: 1480, height: 900 })
  const [ada, ben] = [0, 1].map((at) => page.frameLocator('iframe').nth(at))
  if (ada === undefined || ben === undefined) throw new Error('there are two devices')
  for (const device of [ada, ben]) {
    await expect(device.locator('[data-row]').first()).toBeVisible({ timeout: 60_000 }) // two first loads at once
  }
  await attachScreen(info, page, 'duo')

  await switchNetwork(ada, false)
  await ada.locator('[data-row]').first().click()
  await ada.getByRole('textbox', { name: 'Title' }).fill('Changed in the cellar')
  await ada.getByRole('textbox', { name: 'Title' }).press('Enter')
  await expect(ada.getByText('Saved on this device, not sent yet')).toBeVisible()
  await expect(ada.locator('.landfall-badge')).toContainText('Offline · 1 unsent')
  await ben.locator('[data-row]').nth(1).click()
  await ben.getByRole('textbox', { name: 'Title' }).fill('Changed on the roof')
  await ben.getByRole('textbox', { name: 'Title' }).press('Enter')
  await ben.getByRole('button', { name: 'Back to the list' }).click()
  await expect(ben.locator('[data-row]', { hasText: 'Changed on the roof' })).toBeVisible()
  await expect(ben.locator('[data-row]', { hasText: 'Changed in the cellar' })).toHaveCount(0)
  await attachScreen(info, page, 'duo-left-offline')

  await switchNetwork(ada, true)
  await expect(ben.locator('[data-row]', { hasText: 'Changed in the cellar' })).toBeVisible()
  await ada.getByRole('button', { name: 'Back to the list' }).click()
  await expect(ada.locator('[data-row]', { hasText: 'Changed on the roof' })).toBeVisible()
  await attachScreen(info, page, 'duo-in-step')
})
