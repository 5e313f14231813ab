/** Verifications as turns of the sync loop: asked for by the app, and by marks. */
import { expect, test } from 'vitest'
import { inStep, LoopWorld } from './loop-model.ts'

test('[P3.3] each question follows a pull, and a pull follows the last one', () => {
  const world = inStep().verify(3)
  for (let i = 0; i < 3; i++) world.answer().commit().answer().commit().timer()
  world.answer().commit()
  expect(world.log).toEqual(['sync', 'verify', 'sync', 'verify', 'sync', 'verify', 'sync'])
  expect(world.state.facts.verifying).toBe(false)
})

test('[P3.3] it waits while a scope is loading, and what is written meanwhile is pushed', () => {
  const world = new LoopWorld({ started: true, pages: 2 }).lead().verify(1)
  world.answer().commit().write()
  for (let i = 0; i < 6; i++) {
    if (world.state.kind === 'idle') world.timer()
    world.answer().commit()
  }
  const sent = world.log.filter((name) => name !== 'openStream')
  expect(sent.slice(-2)).toEqual(['verify', 'sync+push'])
  expect(sent.filter((name) => name === 'page')).toHaveLength(2)
  expect(world.store.outbox).toBe(0)
})

test('[P3.3] a question that the server cannot answer ends it, and pulls go on', () => {
  for (const code of ['not_available', 'server_error', 'bad_request', 'too_large'] as const) {
    const world = inStep().verify(3).answer().commit().answer({ kind: 'fail', code })
    expect(world.state).toMatchObject({ kind: 'idle', facts: { verifying: false, trouble: null } })
    world.timer()
    expect(world.log).toEqual(['sync', 'verify', 'sync'])
  }
})

/** Lets everything be answered until a question is sent, which is not. */
function untilAsked(world: LoopWorld): LoopWorld {
  for (let i = 0; i < 200 && world.sent?.turn.kind !== 'verify'; i++) {
    if (world.sent === null) world.timer()
    else world.answer().commit()
  }
  expect(world.sent?.turn.kind).toBe('verify')
  return world
}

test('[P3.3] a server with too much to do is asked again, later each time, pulls go on, and the fifth time it ends', () => {
  for (const code of ['rate_limited', 'server_busy'] as const) {
    const world = untilAsked(inStep().verify(3))
    for (let busy = 1; busy <= 5; busy++) {
      const before = world.now
      world.answer({ kind: 'fail', code, retryAfterMs: 2_000 })
      expect(world.state.facts).toMatchObject({ verifying: busy < 5, trouble: null })
      if (busy < 5) expect(untilAsked(world).now - before).toBeGreaterThanOrEqual(2_000)
    }
  }
})

test('[P17.9] a mark begins a verification by itself within half a minute, spread by chance, and no other follows it', () => {
  for (const random of [0, 0.5, 0.999]) {
    const world = inStep().mark(2)
    world.random = random
    const heard = world.now
    untilAsked(world.tell({ kind: 'poke' }))
    expect(world.now - heard).toBeGreaterThanOrEqual(random * 29_000)
    expect(world.now - heard).toBeLessThanOrEqual(31_000)
    for (let i = 0; i < 40; i++) {
      if (world.sent === null) world.timer()
      else world.answer().commit()
    }
    expect(world.log.filter((name) => name === 'verify')).toHaveLength(2)
  }
})

test('[P17.9] a mark whose verification was cut off, or that the server had no answer for, begins another one later', () => {
  const asking = () => untilAsked(inStep().mark(1).tell({ kind: 'poke' }))
  const worlds = [
    asking().tell({ kind: 'pause' }).tell({ kind: 'resume' }),
    asking().answer({ kind: 'fail', code: 'server_error' }),
    asking().answer({ kind: 'fail', code: 'offline' }),
  ]
  for (const world of worlds) {
    const before = world.now
    untilAsked(world)
    expect(world.now - before).toBeGreaterThan(200)
    expect(world.now - before).toBeLessThan(120_000)
  }
})

test('[P3.3] it ends when sync is paused, has no network, or loses its history', () => {
  const asking = () => inStep().verify(3).answer().commit()
  expect(asking().tell({ kind: 'pause' }).state.facts.verifying).toBe(false)
  expect(asking().answer({ kind: 'fail', code: 'offline' }).state.facts.verifying).toBe(false)
  expect(asking().answer({ kind: 'fail', code: 'history_lost' }).state.facts.verifying).toBe(false)
})
