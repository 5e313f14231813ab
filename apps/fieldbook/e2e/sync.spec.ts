/** The main job: work offline, lose nothing, come together again; and see what others write to Postgres. */
import {
  attachScreen,
  countUnsent,
  type Device,
  expect,
  query,
  switchNetwork,
  test,
  untilLoaded,
  untilSettled,
} from './fieldbook.ts'
import { deviceRows, postgresRows } from './rows.ts'

test('[P1] [P3] nothing acknowledged is missing after a tab dies in mid-work, and all hold the same rows', async ({
  devices,
  fieldbook,
}, info) => {
  const [ada, ben] = await Promise.all([devices('ada'), devices('ben')])
  await Promise.all([untilLoaded(ada.page), untilLoaded(ben.page)])
  for (const { page } of [ada, ben]) await switchNetwork(page, false)

  await renameFirstCheck(ada, 'Lintel, seen by Ada')
  await commentOnOpenCheck(ben, 'Ben was here, without a network')
  const acknowledged = await writeUntilKilled(ada, 40)
  await attachScreen(info, ben.page, 'ben-offline')

  const page = await ada.reopen()
  await expect(page.locator('[data-row]').first()).toBeVisible()
  const found = await query(page, `select id from checks where title like 'Written in a hurry%'`)
  expect(acknowledged.length).toBeGreaterThanOrEqual(40)
  expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining(acknowledged))
  expect(await countUnsent(page)).toBeGreaterThan(acknowledged.length)
  expect(await query(page, `select id from checks where title = 'Lintel, seen by Ada'`)).toHaveLength(1)
  await attachScreen(info, page, 'ada-offline-after-the-crash')

  for (const device of [ada, ben]) await switchNetwork(device.page, true)
  await Promise.all([untilSettled(ada.page), untilSettled(ben.page)])
  await untilSettled(ada.page)
  await untilSettled(ben.page)
  for (const { page, handle } of [ada, ben]) {
    expect(await countUnsent(page)).toBe(0)
    expect(await deviceRows(page)).toEqual(await postgresRows(fieldbook.sql, handle))
  }
  await attachScreen(info, page, 'ada-in-step')
})

test('[P6] inserts, updates and deletes made straight in Postgres reach both screens without a reload', async ({
  devices,
  fieldbook,
}, info) => {
  const { sql } = fieldbook
  const both = await Promise.all([devices('ada'), devices('ben')])
  await Promise.all(both.map(({ page }) => untilLoaded(page)))
  for (const { page } of both) await page.evaluate(() => Object.assign(window, { sameDocument: true }))
  const row = (device: Device, title: string) => device.page.locator('[data-row]', { hasText: title })

  const id = crypto.randomUUID()
  await sql`
    insert into checks (id, project_id, title, severity, due)
    select ${id}, id, 'Crane inspection, from the office', 'critical', '2020-01-01' from projects where code = 'HRB'`
  for (const device of both) await expect(row(device, 'Crane inspection, from the office')).toBeVisible()
  await attachScreen(info, both[0].page, 'inserted')

  await sql`update checks set title = 'Crane inspection, second visit', location = 'Yard' where id = ${id}`
  for (const device of both) {
    await expect(row(device, 'Crane inspection, second visit')).toContainText('Yard')
    await expect(row(device, 'from the office')).toHaveCount(0)
  }
  await attachScreen(info, both[1].page, 'updated')

  await sql`delete from checks where id = ${id}`
  for (const device of both) {
    await expect(row(device, 'Crane inspection')).toHaveCount(0)
    expect(await device.page.evaluate(() => 'sameDocument' in window)).toBe(true)
  }
})

test('[P7] a change that the server refuses comes back with its reason and is kept until it is discarded', async ({
  devices,
  fieldbook,
}, info) => {
  const { page } = await devices('ada')
  await untilLoaded(page)
  const [ada] = await fieldbook.sql`select id from users where name like 'Ada%'`
  await fieldbook.sql`
    insert into checks (id, project_id, title, severity, assignee_id, due)
    select gen_random_uuid(), id, 'Critical and mine', 'critical', ${ada?.id}, '2020-01-01'
    from projects where code = 'HRB'`
  await page.locator('[data-row]', { hasText: 'Critical and mine' }).click()
  await page.getByRole('radio', { name: 'Passed' }).click()
  await page.getByRole('button', { name: '1 to review' }).click()
  const dialog = page.getByRole('dialog', { name: 'To review' })
  await expect(dialog).toContainText('signed off by somebody else than its assignee')
  await attachScreen(info, page, 'refused')
  await expect(page.getByRole('radio', { name: 'Open' })).toHaveAttribute('aria-checked', 'true')
  await dialog.getByRole('button', { name: 'Discard' }).click()
  await expect(dialog).toContainText('Nothing to review')
})

test('[P7.1] a value that loses against a later edit is kept, and can be taken back', async ({
  devices,
}, info) => {
  const [ada, ben] = await Promise.all([devices('ada'), devices('ben')])
  await Promise.all([untilLoaded(ada.page), untilLoaded(ben.page)])
  await switchNetwork(ada.page, false)
  await renameFirstCheck(ada, 'As Ada calls it')
  const id = new URL(ada.page.url()).searchParams.get('check')
  await ben.page.goto(`/project/HRB?user=ben&check=${id}`)
  const title = ben.page.getByRole('textbox', { name: 'Title' })
  await title.fill('As Ben calls it')
  await title.press('Enter')
  await untilSettled(ben.page)
  await switchNetwork(ada.page, true)
  await expect(ada.page.getByRole('textbox', { name: 'Title' })).toHaveValue('As Ben calls it')
  await ada.page.getByRole('button', { name: '1 to review' }).click()
  const dialog = ada.page.getByRole('dialog', { name: 'To review' })
  await expect(dialog).toContainText('Set aside: As Ada calls it')
  await attachScreen(info, ada.page, 'conflict')
  await dialog.getByRole('button', { name: 'Use it instead' }).click()
  await expect(dialog).toContainText('Nothing to review')
  await expect(title).toHaveValue('As Ada calls it')
})

async function renameFirstCheck({ page }: Device, title: string): Promise<void> {
  await page.locator('[data-row]').first().click()
  const field = page.getByRole('textbox', { name: 'Title' })
  await field.fill(title)
  await field.press('Enter')
  await expect(page.locator('[data-row]', { hasText: title })).toBeVisible()
  await expect(page.getByText('Saved on this device, not sent yet')).toBeVisible()
}

async function commentOnOpenCheck({ page }: Device, body: string): Promise<void> {
  await page.locator('[data-row]').nth(1).click()
  await page.getByRole('textbox', { name: 'Write a comment' }).fill(body)
  await page.getByRole('button', { name: 'Comment', exact: true }).click()
  await expect(page.locator('.comment', { hasText: body })).toContainText('not sent yet')
}

/** Writes without end, and crashes the renderer once `count` writes were acknowledged; gives the ids of those. */
async function writeUntilKilled({ page, context }: Device, count: number): Promise<string[]> {
  const acknowledged: string[] = []
  let enough = (): void => {}
  const reached = new Promise<void>((resolve) => (enough = resolve))
  await page.exposeFunction('acknowledge', (id: string) => {
    acknowledged.push(id)
    if (acknowledged.length === count) enough()
  })
  const crashed = page.waitForEvent('crash')
  const writing = page.evaluate(writeWithoutEnd).catch((error: unknown) => error)
  expect(await Promise.race([reached, writing])).toBeUndefined()
  const session = await context.newCDPSession(page)
  session.send('Page.crash').catch(() => undefined) // nobody is left to answer
  await crashed
  await page.close()
  return acknowledged
}

/** Runs in the page. */
async function writeWithoutEnd(): Promise<void> {
  const { acknowledge } = window as unknown as { acknowledge(id: string): Promise<void> }
  for (let n = 0; ; n++) {
    const id = crypto.randomUUID()
    await window.fieldbook?.db.run(
      `insert into checks (id, project_id, title) select ?, id, 'Written in a hurry ' || ? from projects where code = 'HRB'`,
      [id, n],
    )
    await acknowledge(id)
  }
}
