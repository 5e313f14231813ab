/** Whether `holders` and `authorize` fit, when the server is made and when they are asked. */
import { PROTOCOL_HEADER, PROTOCOL_VERSION, SCHEMA_HEADER } from '@landfall/protocol'
import { defineSync } from '@landfall/schema'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Holder } from '../src/context.ts'
import { createSyncServer, type SyncServerOptions } from '../src/server.ts'
import { authorize, holders, members, sync } from './support/notes.ts'
import { authenticate, createNotesWorld, type NotesWorld } from './support/world.ts'

const CLIENT = '11111111-2222-4333-8444-555555555555'
const PULL = { client: CLIENT, cursor: null, acknowledged: 0, scopes: [] }
const HEADERS = {
  authorization: 'Bearer ann',
  'content-type': 'application/json',
  [PROTOCOL_HEADER]: `${PROTOCOL_VERSION}`,
  [SCHEMA_HEADER]: sync.manifest.hash,
}

let world: NotesWorld
beforeAll(async () => {
  world = await createNotesWorld({ address: 'pglite:memory' })
})
afterAll(() => world.close())

const make = (given: Partial<SyncServerOptions>) =>
  createSyncServer({ sync, database: world.database, authenticate, authorize, holders, ...given })

test('[P4.3] a scope without a holder, or a holder without a scope, is refused when the server is made', () => {
  const own = holders['own'] ?? (() => [])
  expect(() => make({ holders: { own } })).toThrow(/options_invalid.*space/)
  expect(() => make({ holders: { ...holders, galaxy: () => [] } })).toThrow(/options_invalid.*galaxy/)
  expect(() => make({ holders: { ...holders, public: () => [] } })).toThrow(/options_invalid.*public/)
})

test('[P4.8] a table that says who holds what needs a rule, or is read-only', () => {
  expect(() => make({ authorize: {} })).toThrow(/options_invalid.*members.*any holder may write it/)
  expect(() => make({ authorize: { ...authorize, membrs: () => true } })).toThrow(/options_invalid.*membrs/)
  const readonly = defineSync({
    tables: sync.tables,
    scopes: {
      space: { spaces: (t) => t.id, members: (t) => t.spaceId, notes: (t) => t.spaceId },
      own: { settings: (t) => t.userId },
      public: { countries: true },
    },
    write: { members: false },
  })
  expect(() => make({ sync: readonly, authorize: {} })).not.toThrow()
})

test('[P4.8] SQL whose tables are not named is an error that says how to name them', async () => {
  const told: unknown[] = []
  const keys = ({ userId }: { userId: string }) => sql`select space_id from members where user_id = ${userId}`
  const pull = (space: Holder) => {
    const server = make({ holders: { ...holders, space }, onError: (error) => told.push(error) })
    return server.app.request('/pull', { method: 'POST', body: JSON.stringify(PULL), headers: HEADERS })
  }
  const refused = await pull(keys)
  expect(refused.status).toBe(500)
  expect(await refused.json()).toMatchObject({
    error: { code: 'holder_unnamed', details: { scope: 'space' } },
  })
  expect(told).toHaveLength(1)
  const gained = async (holder: Holder) =>
    ((await (await pull(holder)).json()) as { gained: string[] }).gained
  expect(await gained({ reads: [members], keys })).toEqual(['public:', 'own:ann', 'space:1', 'space:2'])
  expect(await gained(() => ['1'])).toEqual(['public:', 'space:1', 'own:ann'])
})

test('[P4.11] a held key that is no value of its column is an error, never a scope without rows', async () => {
  for (const key of ["1' or '1'='1", 'x', '99999999999999', '']) {
    const told: unknown[] = []
    const server = make({
      holders: { ...holders, space: () => ['1', key] },
      onError: (error) => told.push(error),
    })
    for (const [path, body] of [
      ['/pull', PULL],
      ['/bootstrap', { client: CLIENT, scope: `space:${key}`, position: null }],
    ] as const) {
      const init = { method: 'POST', body: JSON.stringify(body), headers: HEADERS }
      const response = await server.app.request(path, init)
      expect(await response.json()).toMatchObject({
        error: { code: 'scope_key_invalid', details: { scope: 'space', key } },
      })
    }
    expect(told).toHaveLength(1)
  }
})
