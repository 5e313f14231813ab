/** Verifications have a stated share of the connections: what they read may take long, and pulls do not wait for it. */
import type { Cursor, ErrorData } from '@landfall/protocol'
import { expect, test } from 'vitest'
import type { PullingClient } from './support/pulling-client.ts'
import { createNotesWorld } from './support/world.ts'

const ask = ({ id, cursor, ask: send }: PullingClient): Promise<Response> =>
  send('/verify', {
    client: id,
    cursor: cursor as Cursor,
    table: 'notes',
    scopes: ['space:1', 'space:2'],
    ask: { kind: 'checksums' },
  })

test('[P17.9] beyond its share a verification is asked to come later, and pulls go on beside those under way', async () => {
  const world = await createNotesWorld({ limits: { verifies: 1 } })
  const [ann, bob] = [world.client('ann'), world.client('bob')]
  await ann.load()
  await bob.load()
  const held = { begun: () => {}, end: () => {} }
  const begun = new Promise<void>((resolve) => (held.begun = resolve))
  const ended = new Promise<void>((resolve) => (held.end = resolve))
  const lock = world.database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
    await tx.query('LOCK TABLE notes IN ACCESS EXCLUSIVE MODE')
    held.begun()
    await ended
  })
  await begun
  const first = ask(ann)
  const second = await ask(bob)
  expect(second.status).toBe(503)
  expect(second.headers.get('retry-after')).toBe('1')
  const { error } = (await second.json()) as { error: ErrorData }
  expect(error).toMatchObject({ code: 'server_busy', details: { reason: 'verify', retryAfterMs: 1_000 } })
  await ann.pull()
  await bob.pull()
  held.end()
  await lock
  expect((await first).status).toBe(200)
  expect((await ask(bob)).status).toBe(200)
  await world.close()
})
