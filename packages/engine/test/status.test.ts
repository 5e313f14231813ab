/** The status board alone, over a store that cannot always be read. */
import { LandfallError } from '@landfall/protocol'
import { expect, test } from 'vitest'
import type { EngineStatus } from '../src/api.ts'
import { initialState } from '../src/sync/loop/state.ts'
import { createStatusBoard } from '../src/status.ts'
import { createVirtualClock } from './support/clock.ts'
import { manifest } from './support/schema.ts'
import { openWorld } from './support/store.ts'

test('[P12.2] a store that cannot be read just now shows as an error in the status', async () => {
  const { store, driver } = await openWorld(manifest)
  let fails = false
  const reading = <Result>(read: () => Result): Result => {
    if (fails) throw new LandfallError('storage_lost')
    return read()
  }
  const clock = createVirtualClock()
  const told: EngineStatus[] = []
  const board = createStatusBoard({
    clock,
    store: { ...store, syncState: () => reading(() => store.syncState()) },
    driver: { ...driver, prepare: (sql) => reading(() => driver.prepare(sql)) },
    loop: initialState,
    storage: () => ({ kind: 'memory', persisted: false }),
    fatal: () => null,
    listener: (status) => void told.push(status),
  })
  fails = true
  board.recount()
  board.changed()
  clock.advance(1_000)
  expect(told.at(-1)).toMatchObject({ error: { code: 'storage_lost' }, rejections: 0 })
  fails = false
  board.changed()
  clock.advance(1_000)
  expect(told.at(-1)).toMatchObject({ error: null })
})
