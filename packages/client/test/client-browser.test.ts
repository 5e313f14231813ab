/** The client in a real Chromium: its worker, OPFS, tabs, and everything that can go wrong with them. */
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type PageServer, servePage } from '@landfall/tools/chromium-page'
import type {} from './support/page.ts'

let server: PageServer
let context: BrowserContext
beforeAll(async () => {
  server = await servePage(new URL('./support/page.ts', import.meta.url))
})
afterAll(() => server.close())
beforeEach(async () => {
  context = await server.context()
})
afterEach(() => context.close())

/** A tab with the database open, or waiting for it. */
async function tab(database = 'ada'): Promise<Page> {
  const page = await server.open(context)
  await page.evaluate(async (name) => {
    globalThis.db = await client.open(name)
  }, database)
  return page
}

const count = (page: Page): Promise<unknown> =>
  page.evaluate(async () => (await db.all('select count(*) as n from notes'))[0]?.['n'])

test('[P9] a live query shows a write before the write is acknowledged', async () => {
  const page = await tab()
  const seen = await page.evaluate(async () => {
    const shown: unknown[] = []
    const stop = db
      .live('select count(*) as n from notes')
      .subscribe(({ rows }) => shown.push(rows[0]?.['n']))
    const atAcknowledgement: unknown[] = []
    for (let i = 0; i < 5; i++) {
      await client.add(db, 'x')
      atAcknowledgement.push(shown.at(-1))
    }
    stop()
    return atAcknowledgement
  })
  expect(seen).toEqual([1, 2, 3, 4, 5])
})

test('[P9.1] rows that did not change stay the same objects, and so does an unchanged result', async () => {
  const page = await tab()
  const kept = await page.evaluate(async () => {
    await db.batch(
      ['a', 'b', 'c'].map((title, rank) => [
        'insert into notes (id, project, title, rank) values (?, ?, ?, ?)',
        [crypto.randomUUID(), 'p', title, rank],
      ]),
    )
    const live = db.live('select title, rank from notes order by rank')
    let told = 0
    live.subscribe(() => told++)
    await db.run(`update notes set title = 'A' where title = 'a'`)
    const before = live.result?.rows ?? []
    const toldBefore = told
    await db.run(`update notes set due = '2026-11-23 10:00:00+00' where title = 'A'`)
    const unchanged = live.result?.rows === before && told === toldBefore
    await db.run(`update notes set title = 'B' where title = 'b'`)
    const after = live.result?.rows ?? []
    return {
      unchanged,
      same: after.map((row, i) => row === before[i]),
      titles: after.map((row) => row['title']),
    }
  })
  expect(kept).toEqual({ unchanged: true, same: [true, false, true], titles: ['A', 'B', 'c'] })
})

test('[P9.1] the same SQL and parameters share one registration, and the last subscriber releases it', async () => {
  const page = await tab()
  await page.evaluate(() => {
    globalThis.seen = []
    const post = MessagePort.prototype.postMessage
    MessagePort.prototype.postMessage = function (
      message: { argumentList?: { value: string | string[] }[] },
      ...rest: never[]
    ) {
      const [, method] = [message.argumentList?.[0]?.value].flat()
      if (method === 'live' || method === 'unlive') seen.push(method)
      return post.call(this, message, ...rest)
    }
    const stops = [1, 2, 3].map(() => db.live('select * from notes where rank > ?', [1]).subscribe(() => {}))
    const other = db.live('select * from notes where rank > ?', [2]).subscribe(() => {})
    for (const stop of [...stops, other]) stop()
    // A subscriber right after the last one left keeps the registration.
    db.live('select * from notes where rank > ?', [1]).subscribe(() => {})
  })
  await page.waitForFunction(() => seen.includes('unlive'))
  expect(await page.evaluate(() => seen)).toEqual(['live', 'live', 'unlive'])
})

test('[P12] errors arrive whole: class, code and details', async () => {
  const page = await tab()
  const errors = await page.evaluate(async () => [
    await client.failure(() => db.all('selec 1')),
    await client.failure(() => db.run('begin')),
    await client.failure(() => db.run(`insert into notes (id, project, title) values ('x', 'p', 't')`)),
    await client.failure(() => db.all('select ?', [(() => 1) as never])),
    await client.failure(() => db.drizzle.transaction(async (tx) => tx.run('select no_such_column'))),
    await client.failure(() => db.rejections.discard(7)),
    await client.failure(() => db.conflicts.resolve('1', {})),
  ])
  expect(errors).toMatchObject([
    { code: 'sql_error', details: { sqlite: { code: 1 } } },
    { code: 'sql_forbidden' },
    { code: 'value_invalid', details: { table: 'notes', column: 'id', reason: 'not a UUID' } },
    { code: 'argument_invalid', details: { parameter: 1, found: 'function' } },
    { code: 'sql_error', details: { sqlite: { code: 1 } } },
    { code: 'not_found', details: { id: 7 } },
    { code: 'not_available', details: { call: 'conflicts.resolve' } },
  ])
})

test('[P1.1] a transaction whose work fails leaves no trace; one that succeeds is there whole', async () => {
  const page = await tab()
  const result = await page.evaluate(async () => {
    const error = await db
      .transaction(async (tx) => {
        await tx.run(`insert into notes (id, project, title) values (?, 'p', 'lost')`, [crypto.randomUUID()])
        throw new Error('changed my mind')
      })
      .catch((thrown: Error) => thrown.message)
    const read = await db.transaction(async (tx) => {
      await tx.run(`insert into notes (id, project, title) values (?, 'p', 'kept')`, [crypto.randomUUID()])
      return tx.all('select title from notes')
    })
    return { error, read, rows: await db.all('select title from notes') }
  })
  expect(result).toEqual({ error: 'changed my mind', read: [{ title: 'kept' }], rows: [{ title: 'kept' }] })
})

test('[P13] Drizzle reads and writes decoded values, in its transactions and in live queries', async () => {
  const page = await tab()
  const result = await page.evaluate(async () => {
    const { notes } = client.sync.sqlite
    const due = new Date('2026-11-23T10:00:00.123Z')
    const id = crypto.randomUUID()
    const live = db.live(db.drizzle.select().from(notes))
    live.subscribe(() => {})
    await db.drizzle.transaction(async (tx) => {
      await tx.insert(notes).values({ id, project: 'p', title: 'one', due })
      await tx.transaction(async (inner) => {
        await inner.update(notes).set({ rank: 5 })
      })
      await tx
        .transaction(async (inner) => {
          await inner.update(notes).set({ rank: 9 })
          throw new Error('back to the savepoint')
        })
        .catch(() => {})
    })
    const rows = await db.drizzle.select().from(notes)
    const first = await db.drizzle.query.notes.findFirst({ columns: { title: true } })
    const none = await db.drizzle
      .select()
      .from(notes)
      .where(client.sync.sqlite.notes.getSQL())
      .get()
      .catch(() => undefined)
    return {
      rows,
      first,
      none,
      dates: rows.map((row) => row.due instanceof Date),
      live: live.result?.rows,
      id,
      due,
    }
  })
  const row = { id: result.id, project: 'p', title: 'one', rank: 5, due: result.due }
  expect(result.rows).toEqual([row])
  expect(result.dates).toEqual([true])
  expect(result.live).toEqual([row])
  expect(result.first).toEqual({ title: 'one' })
})

test('[P15] a second tab gets a coded answer, and takes over with its live queries when the first closes', async () => {
  const first = await tab()
  await first.evaluate(() => client.add(db, 'from the first tab'))
  const second = await tab()
  const waiting = await second.evaluate(async () => {
    globalThis.seen = []
    db.live('select title from notes').subscribe(({ rows }) => seen.push(rows.map((row) => row['title'])))
    return {
      leader: db.status.leader,
      phase: db.status.phase,
      error: await client.failure(() => db.all('select 1')),
    }
  })
  expect(waiting).toMatchObject({ leader: false, phase: 'opening', error: { code: 'database_in_use' } })
  await first.close()
  await second.waitForFunction(() => db.status.leader && seen.length > 0)
  expect(await second.evaluate(() => seen)).toEqual([['from the first tab']])
  await second.evaluate(() => client.add(db, 'from the second'))
  expect(await count(second)).toBe(2)
})

test('[P15] a reloaded page leads again, and its status never mentions another tab', async () => {
  const page = await tab()
  await page.evaluate(() => client.add(db, 'kept'))
  await page.reload()
  await page.waitForFunction('window.ready')
  const reopened = await page.evaluate(async () => {
    globalThis.db = await client.open('ada')
    return db.status.leader
  })
  expect(reopened).toBe(true)
  expect(await count(page)).toBe(1)
})

test('[P15] databases of different names, however odd, are different databases', async () => {
  const page = await server.open(context)
  const titles = await page.evaluate(async () => {
    const names = ['ada', 'Ada', 'ada/b', '..', 'ü', '%2e%2e', ' ']
    const found: unknown[] = []
    for (const name of names) {
      const opened = await client.open(name)
      await client.add(opened, name)
      found.push((await opened.all('select title from notes')).map((row) => row['title']))
      await opened.close()
    }
    return { names, found }
  })
  expect(titles.found).toEqual(titles.names.map((name) => [name]))
})

test('[P12.1] a worker that cannot be loaded, or has no wasm, rejects with the cure', async () => {
  const page = await server.open(context)
  const errors = await page.evaluate(async () => [
    await client.failure(() => client.open('a', { worker: new Worker('/missing.js', { type: 'module' }) })),
    await client.failure(() => client.open('b', { wasmUrl: '/missing.wasm' })),
    await client.failure(() =>
      client.open('c', {
        worker: new Worker(URL.createObjectURL(new Blob(['throw new Error("at the top")'])), {
          type: 'module',
        }),
      }),
    ),
  ])
  expect(errors.map((error) => error?.code)).toEqual(['worker_failed', 'worker_failed', 'worker_failed'])
})

test('[P12.1] a worker that dies rejects the calls under way and all later ones, of every kind', async () => {
  const page = await server.open(context)
  const codes = await page.evaluate(async () => {
    const RealWorker = Worker
    const workers: Worker[] = []
    globalThis.Worker = class extends RealWorker {
      constructor(...args: ConstructorParameters<typeof RealWorker>) {
        super(...args)
        workers.push(this)
      }
    }
    const doomed = await client.open('doomed')
    globalThis.Worker = RealWorker
    await client.add(doomed, 'kept')
    const forever = 'with recursive n(x) as (select 1 union all select x + 1 from n) select max(x) from n'
    const pending = [
      client.failure(() => doomed.all(forever)),
      client.failure(() => doomed.transaction(async (tx) => tx.all('select 1'))),
      client.failure(() => doomed.sync.settled()),
    ]
    workers[0]?.terminate()
    const first = await Promise.all(pending)
    const later = await client.failure(() => doomed.all('select 1'))
    return [...first, later].map((error) => error?.code)
  })
  expect(codes).toEqual(['worker_failed', 'worker_failed', 'worker_failed', 'worker_failed'])
})

test('[P12.1] a closed database says so, and its files can be wiped', async () => {
  const page = await tab()
  const result = await page.evaluate(async () => {
    await client.add(db, 'gone')
    await db.close()
    await db.close()
    const closed = await client.failure(() => db.all('select 1'))
    const again = await client.open('ada')
    await again.wipe()
    const wiped = await client.failure(() => again.all('select 1'))
    const fresh = await client.open('ada')
    return { closed: closed?.code, wiped: wiped?.code, rows: await fresh.all('select title from notes') }
  })
  expect(result).toEqual({ closed: 'database_closed', wiped: 'database_closed', rows: [] })
})

test('[P12.3] once the files are deleted underneath the page, no write is acknowledged', async () => {
  const page = await tab()
  await page.evaluate(() => client.add(db, 'before'))
  const cdp = await context.newCDPSession(page)
  await cdp.send('Storage.clearDataForOrigin', { origin: server.origin, storageTypes: 'all' })
  const lost = await page.waitForFunction(async () => {
    const error = await client.failure(() => client.add(db, 'after'))
    return error
  })
  expect(await lost.jsonValue()).toMatchObject({ code: 'storage_lost' })
  await page.waitForFunction(() => db.status.error?.code === 'storage_lost')
  expect(await page.evaluate(() => client.failure(() => db.all('select 1')))).toMatchObject({
    code: 'storage_lost',
  })
  expect(await page.evaluate(() => db.status.phase)).toBe('stopped')
})

test('[P12.2] the status says what is unsent, which storage is used, and that no server answers', async () => {
  const page = await tab()
  await page.evaluate(async () => {
    globalThis.seen = []
    db.onStatus((status) => seen.push(status.outbox))
    await client.add(db, 'one')
    await client.add(db, 'two')
  })
  await page.waitForFunction(() => db.status.outbox === 2 && db.status.phase === 'offline')
  expect(await page.evaluate(() => db.status)).toMatchObject({
    phase: 'offline',
    outbox: 2,
    lastSyncedAt: null,
    leader: true,
    storage: { kind: 'opfs' },
    error: {
      code: 'not_a_sync_server',
      details: { status: 404, url: expect.stringContaining('/sync') as string },
    },
  })
})

test('[P12.5] an error that only a developer can mend is in the console once, with a link to its docs', async () => {
  const page = await server.open(context)
  const lines: string[] = []
  page.on('console', (message) => message.type() === 'error' && lines.push(message.text()))
  await page.evaluate(async () => {
    globalThis.db = await client.open('ada', { getToken: () => 'ada' })
    for (let i = 0; i < 3; i++) await client.failure(() => db.sync.now())
  })
  expect(lines.filter((line) => line.startsWith('[landfall]'))).toEqual([
    expect.stringMatching(/^\[landfall\] not_a_sync_server: .*\n.*docs\/errors\.md#not_a_sync_server$/s),
  ])
})

test('[P11.2] a getToken that throws is `token_failed` with the cause, and is asked again', async () => {
  const page = await server.open(context)
  await page.evaluate(async () => {
    globalThis.seen = []
    globalThis.db = await client.open('ada', {
      getToken() {
        if (seen.length === 0) throw new Error('no route to the sign-in service')
        if (seen.length === 1) return Promise.reject(new Error('the sign-in service is down'))
        return 'ada'
      },
    })
    await client.add(db, 'kept')
  })
  const syncNow = () =>
    page.evaluate(async () => {
      const error = await client.failure(() => db.sync.now())
      seen.push(error)
      return error
    })
  const failed = (cause: string) => ({
    code: 'token_failed',
    details: { cause: expect.stringContaining(cause) as string },
  })
  expect(await syncNow()).toMatchObject(failed('no route to the sign-in service'))
  expect(await syncNow()).toMatchObject(failed('the sign-in service is down'))
  expect(await page.evaluate(() => db.status)).toMatchObject({ phase: 'offline', outbox: 1 })
  expect(await syncNow()).toMatchObject({ code: 'not_a_sync_server', details: { status: 404 } })
})

test('[P12] an exported file is a SQLite database', async () => {
  const page = await tab()
  const head = await page.evaluate(async () => {
    await client.add(db, 'x')
    const bytes = await db.exportFile()
    return { text: new TextDecoder().decode(bytes.slice(0, 15)), size: bytes.length }
  })
  expect(head.text).toBe('SQLite format 3')
  expect(head.size).toBeGreaterThan(8192)
})
