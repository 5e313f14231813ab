/**
 * The client in a real Chromium whose tab, worker or whole browser ends in mid-work: nothing acknowledged is missing.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type PageServer, servePage } from '@landfall/tools/chromium-page'
import type {} from './support/page.ts'

const ROUNDS = 3
const WRITES_A_ROUND = 50

declare global {
  // In the page: tells the test of an acknowledged transaction.
  var acknowledged: (number: number) => void
}

let server: PageServer
let profile: string
let context: BrowserContext
beforeAll(async () => {
  server = await servePage(new URL('./support/page.ts', import.meta.url))
  profile = mkdtempSync(join(tmpdir(), 'landfall-profile-'))
})
afterEach(() => context.close())
afterAll(async () => {
  await server.close()
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
})

test('[P1] acknowledged writes survive a tab that is closed abruptly', async () => {
  context = await server.context()
  const first = await openDatabase()
  await first.evaluate(async () => {
    for (let i = 0; i < 20; i++) await client.add(db, `note ${i}`)
  })
  await first.close()
  const second = await openDatabase()
  await second.waitForFunction(() => db.status.leader)
  expect(await count(second)).toBe(20)
  expect(await second.evaluate(() => db.status.outbox)).toBe(20)
})

test('[P1] acknowledged writes survive a worker that is killed amid its work', async () => {
  context = await server.context()
  const first = await openDatabase()
  const acknowledged = await first.evaluate(async () => {
    const RealWorker = Worker
    const workers: Worker[] = []
    globalThis.Worker = class extends RealWorker {
      constructor(...args: ConstructorParameters<typeof RealWorker>) {
        super(...args)
        workers.push(this)
      }
    }
    const killed = await client.open('killed')
    globalThis.Worker = RealWorker
    let done = 0
    const writing = (async () => {
      for (;;) {
        await client.add(killed, `note ${done}`)
        done++
        if (done === 15) workers[0]?.terminate()
      }
    })()
    await writing.catch(() => {})
    return done
  })
  expect(acknowledged).toBeGreaterThanOrEqual(15)
  const second = await openDatabase('killed')
  expect(await count(second)).toBeGreaterThanOrEqual(acknowledged)
})

/**
 * Again and again, on the same profile on disk. The page never stops writing: transaction n inserts two rows of rank n,
 * large enough for several pages of the file, in two crossings, so that a kill may come between them. What the test has
 * heard acknowledged is the least that must be there; a commit that it has not heard of may be there, too.
 */
test('[P1] acknowledged transactions survive, whole, a browser that is killed amid its work', async () => {
  context = await server.profile(profile)
  let page = await openDatabase()
  let heard = 0
  for (let round = 1; round <= ROUNDS; round++) {
    heard = await writeUntilKilled(page, heard + WRITES_A_ROUND)
    context = await server.profile(profile)
    page = await openDatabase()
    const found = await look(page)
    expect(found).toEqual({
      integrity: [{ integrity_check: 'ok' }],
      transactions: found.last,
      rows: 2 * found.last,
      partial: [],
      outbox: found.last,
      last: expect.any(Number) as number,
    })
    expect(found.last).toBeGreaterThanOrEqual(heard)
    heard = found.last
  }
})

async function openDatabase(database = 'ada'): Promise<Page> {
  const page = await server.open(context)
  await page.evaluate(async (name) => {
    globalThis.db = await client.open(name)
  }, database)
  return page
}

/** Writes until that number is acknowledged, and kills the browser then. Answers the last number heard of. */
async function writeUntilKilled(page: Page, enough: number): Promise<number> {
  const processes = await processesOf()
  const closed = new Promise((resolve) => context.once('close', resolve))
  let heard = 0
  await page.exposeFunction('acknowledged', (number: number) => {
    heard = number
    if (number === enough) for (const id of processes) kill(id)
  })
  await page.evaluate(startWriting)
  await closed
  expect(heard).toBeGreaterThanOrEqual(enough)
  return heard
}

/** In the page. Goes on behind the last number that is there, without an end. */
async function startWriting(): Promise<void> {
  const [row] = await db.all('select coalesce(max(rank), 0) as last from notes')
  const insert = 'insert into notes (id, project, title, rank) values (?, ?, ?, ?)'
  const write = async (number: number): Promise<void> => {
    await db.transaction(async (tx) => {
      await tx.run(insert, [crypto.randomUUID(), 'p', 'first '.repeat(2_000), number])
      await tx.run(insert, [crypto.randomUUID(), 'p', 'second '.repeat(2_000), number])
    })
    acknowledged(number)
    void write(number + 1)
  }
  void write(Number(row?.['last']) + 1)
}

const count = (page: Page): Promise<unknown> =>
  page.evaluate(async () => (await db.all('select count(*) as n from notes'))[0]?.['n'])

async function look(page: Page) {
  return page.evaluate(async () => {
    const numbers = await db.all(
      'select count(*) as rows, count(distinct rank) as n, max(rank) as last from notes',
    )
    const outbox = await db.all('select count(*) as n from landfall_outbox')
    return {
      integrity: await db.all('pragma integrity_check'),
      transactions: Number(numbers[0]?.['n']),
      rows: Number(numbers[0]?.['rows']),
      last: Number(numbers[0]?.['last']),
      partial: await db.all('select rank from notes group by rank having count(*) <> 2'),
      outbox: Number(outbox[0]?.['n']),
    }
  })
}

/** All of the browser's processes: what writes the files is not the one that was started. */
async function processesOf(): Promise<number[]> {
  const session = await context.browser()?.newBrowserCDPSession()
  const answer = await session?.send('SystemInfo.getProcessInfo')
  const found = answer?.processInfo.map(({ id }) => id) ?? []
  expect(found.length).toBeGreaterThan(1)
  return found
}

function kill(id: number): void {
  try {
    process.kill(id, 'SIGKILL')
  } catch {
    // It went with the one before it.
  }
}
