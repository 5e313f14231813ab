import type { ErrorCode } from '@landfall/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deadline, errorOf, phaseOf } from '../src/sync/loop/phase.ts'
import { type Answer, inStep, LoopWorld, WITH_TIMER } from './loop-model.ts'

describe('a first load', () => {
  test('[P8.4] the first pull has no push, pages follow one by one, and a pull makes the scopes ready', () => {
    const world = new LoopWorld().lead()
    for (let i = 0; i < 4; i++) {
      expect(phaseOf(world.state)).toBe('loading')
      world.answer().commit()
    }
    expect(world.log).toEqual(['sync', 'openStream', 'page', 'page', 'sync'])
    expect(world.state.kind).toBe('idle')
    expect(phaseOf(world.state)).toBe('synced')
  })

  test('[P8.4] pushes and pages take turns, so that neither waits for the other', () => {
    const world = new LoopWorld({ started: true, pages: 4 }).lead().answer().commit()
    for (let i = 0; i < 4; i++) world.write().later(50).answer().commit()
    expect(world.log.filter((name) => name !== 'openStream')).toEqual([
      'sync',
      'page',
      'sync+push',
      'page',
      'sync+push',
      'page',
    ])
  })

  test('[P8.4] a page that the server fails to give delays no pull and no push', () => {
    const world = new LoopWorld({ started: true, pages: 1 }).lead().answer().commit()
    world.answer({ kind: 'fail', code: 'server_error' })
    expect(world.log.slice(-2)).toEqual(['page', 'sync'])
    world.answer().commit().write().timer()
    expect(world.log.at(-1)).toBe('sync+push')
    expect(errorOf(world.state)?.code).toBe('server_error')
  })
})

describe('in step', () => {
  test('[P8.1] a poke causes a pull at once, and pokes during a pull cause one more', () => {
    const world = inStep().tell({ kind: 'poke' })
    expect(world.log).toEqual(['sync'])
    world.tell({ kind: 'poke' }).tell({ kind: 'poke' }).answer().commit()
    expect(world.log).toEqual(['sync'])
    const before = world.now
    world.timer()
    expect(world.log).toEqual(['sync', 'sync'])
    expect(world.now - before).toBeLessThanOrEqual(40)
    world.answer().commit()
    expect(world.log).toEqual(['sync', 'sync'])
    expect(world.state.kind).toBe('idle')
  })

  test('[P10.3] endless pokes and writes cause at most 25 syncs a second', () => {
    const world = inStep()
    const start = world.now
    while (world.now < start + 10_000) {
      world.tell({ kind: 'poke' }).write().answer().commit()
      if (world.state.kind === 'idle') world.timer()
      world.later(1)
    }
    expect(world.log.length).toBeGreaterThan(100)
    expect(world.log.length).toBeLessThanOrEqual(251)
  })

  test('[P8.1] a poke after a quiet moment is not delayed', () => {
    const world = inStep().later(1_000)
    expect(world.tell({ kind: 'poke' }).log).toEqual(['sync'])
  })

  test('[P8.1] a local write is pushed within milliseconds, a burst of them in one push', () => {
    const world = inStep().write().write().write()
    expect(world.log).toEqual([])
    const before = world.now
    world.timer()
    expect(world.log).toEqual(['sync+push'])
    expect(world.now - before).toBeLessThanOrEqual(20)
  })

  test('[P8.1] a client without any poke pulls within a minute', () => {
    const world = inStep()
    const before = world.now
    world.timer()
    expect(world.log).toEqual(['sync'])
    expect(world.now - before).toBeLessThanOrEqual(60_000)
  })

  test('[P8.1] a stream that ended is opened again, and a pull brings what it missed', () => {
    const world = inStep().endStream().timer()
    expect(world.log).toEqual(['openStream'])
    world.openStream()
    expect(world.log).toEqual(['openStream', 'sync'])
  })
})

describe('trouble', () => {
  test('[P8.2] pulls go on at their pace while pushes fail, and the error is visible', () => {
    const world = inStep().write().timer().answer({ kind: 'push fails', code: 'server_error' }).commit()
    expect(world.state.kind).toBe('idle')
    expect(errorOf(world.state)?.code).toBe('server_error')
    world.log = []
    world.later(100).tell({ kind: 'poke' })
    expect(world.log).toEqual(['sync'])
    world.answer().commit().timer()
    expect(world.log).toEqual(['sync', 'sync+push'])
    world.answer().commit()
    expect(errorOf(world.state)).toBeNull()
    expect(world.store.outbox).toBe(0)
  })

  test('[P8.2] a push that acknowledges nothing is not repeated in a tight loop', () => {
    const world = inStep().write().timer().answer({ kind: 'push fails', code: 'response_invalid' }).commit()
    expect(deadline(world.state)).toBeGreaterThan(world.now + 50)
  })

  const retried: [ErrorCode, string, number][] = [
    ['offline', 'offline', 30_100],
    ['server_busy', 'offline', 30_100],
    ['rate_limited', 'offline', 30_100],
    ['response_invalid', 'offline', 30_100],
    ['unauthenticated', 'stopped', 60_100],
    ['schema_mismatch', 'stopped', 480_100],
    ['protocol_mismatch', 'stopped', 480_100],
    ['client_taken', 'stopped', 480_100],
    ['user_changed', 'stopped', 480_100],
  ]
  test.each(retried)(
    '[P8.1] after %s the phase is %s and it tries again by itself',
    (code, phase, longest) => {
      const world = inStep()
      for (let failures = 0; failures < 12; failures++) {
        const before = world.now
        world.timer()
        if (failures > 0) expect(world.now - before).toBeLessThanOrEqual(longest)
        world.answer({ kind: 'fail', code })
        expect(phaseOf(world.state)).toBe(phase)
        expect(errorOf(world.state)?.code).toBe(code)
      }
      world.timer().answer().commit()
      expect(phaseOf(world.state)).toBe('synced')
      expect(errorOf(world.state)).toBeNull()
    },
  )

  test('[P8.1] the client waits as long as the server asks, up to a bound', () => {
    const world = inStep()
      .tell({ kind: 'poke' })
      .answer({ kind: 'fail', code: 'rate_limited', retryAfterMs: 20_000 })
    expect(deadline(world.state)).toBeGreaterThan(world.now + 20_000)
    const greedy = inStep()
      .tell({ kind: 'poke' })
      .answer({ kind: 'fail', code: 'rate_limited', retryAfterMs: 1e12 })
    expect(deadline(greedy.state)).toBeLessThan(greedy.now + 3_600_000)
  })

  test('[P8.1] a request without an answer is aborted and sent again', () => {
    const world = inStep().tell({ kind: 'poke' }).timer()
    expect(world.log).toEqual(['sync', 'abort', 'closeStream'])
    world.timer()
    expect(world.state.kind).toBe('requesting')
  })

  test('[P11.2] without a valid token changesets wait in the outbox, and the next token sends them', () => {
    const world = inStep().write().timer().answer({ kind: 'fail', code: 'unauthenticated' })
    world.write()
    expect(phaseOf(world.state)).toBe('stopped')
    expect(world.store.outbox).toBe(2)
    world.tell({ kind: 'signedIn' }).answer().commit()
    expect(world.store.outbox).toBe(0)
    expect(phaseOf(world.state)).toBe('synced')
  })

  test('[P11.2] a new token that arrives during a request is used at once', () => {
    const refused = { kind: 'fail', code: 'unauthenticated' } as const
    const world = inStep().write().timer().tell({ kind: 'signedIn' }).answer(refused)
    expect(world.state.kind).toBe('requesting')
    expect(phaseOf(world.answer(refused).state)).toBe('stopped')
  })

  test('[P11] a lost history starts over, keeps the outbox, and loads all scopes again', () => {
    const world = inStep().write().timer().answer({ kind: 'pull fails', code: 'history_lost' })
    expect(world.log.at(-1)).toBe('loadAgain')
    world.log = []
    world.commit()
    expect(world.store.outbox).toBe(1)
    for (let i = 0; i < 5; i++) world.answer().commit()
    expect(world.log).toEqual(['sync', 'page', 'sync+push', 'page', 'sync'])
    expect(world.store).toMatchObject({ outbox: 0, ready: true })
  })

  test('[P11] a client asks a server that finds every history lost ever more rarely', () => {
    const world = inStep().tell({ kind: 'poke' })
    const times: number[] = []
    for (let i = 0; i < 8; i++) {
      times.push(world.now)
      world.answer({ kind: 'pull fails', code: 'history_lost' }).commit()
      if (world.state.kind === 'idle') world.timer()
    }
    expect((times.at(-1) ?? 0) - (times.at(-2) ?? 0)).toBeGreaterThan(5_000)
  })
})

describe('the app', () => {
  test('[P8.1] a pause ends the request under way, and resuming goes on at once', () => {
    const world = inStep().tell({ kind: 'poke' }).tell({ kind: 'pause' })
    expect(phaseOf(world.state)).toBe('paused')
    expect(world.log).toEqual(['sync', 'abort', 'closeStream'])
    world.write().tell({ kind: 'poke' })
    expect(world.state.kind).toBe('paused')
    world.tell({ kind: 'resume' })
    expect(world.log.at(-1)).toBe('sync+push')
  })

  test('[P8.1] a pause while rows are being committed waits for the commit', () => {
    const world = inStep().tell({ kind: 'poke' }).answer().tell({ kind: 'pause' })
    expect(world.state.kind).toBe('applying')
    world.commit()
    expect(world.state.kind).toBe('paused')
  })

  test.each(['syncNow', 'resume', 'wentOnline', 'becameVisible', 'signedIn'] as const)(
    '[P8.1] %s tries again before the timer',
    (kind) => {
      const world = inStep().tell({ kind: 'poke' }).answer({ kind: 'fail', code: 'offline' }).tell({ kind })
      expect(world.state.kind).toBe('requesting')
    },
  )
})

const codes: ErrorCode[] = [
  'offline',
  'response_invalid',
  'server_busy',
  'server_error',
  'rate_limited',
  'history_lost',
  'unauthenticated',
  'client_taken',
  'user_changed',
  'schema_mismatch',
  'too_large',
  'scope_not_held',
  'bad_request',
  'internal',
]
const code = fc.constantFrom(...codes)
const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.constant<Answer>({ kind: 'ok' }),
  fc.record({ kind: fc.constant('fail' as const), code, retryAfterMs: fc.nat(100_000) }),
  fc.record({ kind: fc.constant('push fails' as const), code }),
  fc.record({ kind: fc.constant('pull fails' as const), code }),
)
const hint = fc.constantFrom(
  ...([
    'poke',
    'wentOnline',
    'wentOffline',
    'becameVisible',
    'pause',
    'resume',
    'syncNow',
    'signedIn',
    'unlead',
  ] as const),
)
/** Something that happens to the loop; what does not fit its state falls flat. */
const happening: fc.Arbitrary<(world: LoopWorld) => void> = fc.oneof(
  { weight: 4, arbitrary: answer.map((one) => (world: LoopWorld) => void world.answer(one)) },
  { weight: 4, arbitrary: fc.constant((world: LoopWorld) => void world.commit()) },
  { weight: 3, arbitrary: fc.constant((world: LoopWorld) => void world.timer()) },
  { weight: 3, arbitrary: hint.map((kind) => (world: LoopWorld) => void world.tell({ kind })) },
  { weight: 2, arbitrary: fc.constant((world: LoopWorld) => void world.write()) },
  { weight: 1, arbitrary: fc.nat(4).map((count) => (world: LoopWorld) => void world.verify(count + 1)) },
  { weight: 2, arbitrary: fc.constant((world: LoopWorld) => void world.lead()) },
  { weight: 1, arbitrary: fc.constant((world: LoopWorld) => void world.openStream()) },
  { weight: 1, arbitrary: fc.constant((world: LoopWorld) => void world.endStream()) },
  { weight: 1, arbitrary: code.map((one) => (world: LoopWorld) => void world.refuse(one)) },
  { weight: 1, arbitrary: fc.nat(100_000).map((ms) => (world: LoopWorld) => void world.later(ms)) },
  {
    weight: 1,
    arbitrary: fc
      .double({ min: 0, max: 0.999, noNaN: true })
      .map((draw) => (world: LoopWorld) => void (world.random = draw)),
  },
  // Answers that come too late, for requests that nobody waits for any more.
  {
    weight: 1,
    arbitrary: fc
      .nat(20)
      .map(
        (id) => (world: LoopWorld) => void world.tell({ kind: 'responded', id: -id, push: null, pull: null }),
      ),
  },
)

test('[P8.1] whatever happens, every waiting state has a timer and rows are asked for one at a time', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 80 }), (happenings) => {
      const world = new LoopWorld({ outbox: 1 }).lead()
      for (const happen of happenings) happen(world) // the world checks after every step
      expect(WITH_TIMER.includes(world.state.kind) ? deadline(world.state) : 0).toBeLessThan(
        Number.POSITIVE_INFINITY,
      )
    }),
    { numRuns: 2_000 },
  )
})

test('[P8.2] once faults end, the outbox drains and the client is in step within a bound', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const world = new LoopWorld({ outbox: 1 }).lead()
      for (const happen of happenings) happen(world)
      world.lead()
      if (world.state.facts.paused) world.tell({ kind: 'resume' })
      const start = world.now
      for (let steps = 0; steps < 1_000 && !isSettled(world); steps++) {
        if (world.sent !== null) world.answer()
        else if (world.applying) world.commit()
        else world.timer()
      }
      expect(isSettled(world)).toBe(true)
      // A server's Retry-After may be up to its own bound.
      expect(world.now - start).toBeLessThanOrEqual(11 * 60_000)
    }),
    { numRuns: 2_000 },
  )
})

function isSettled(world: LoopWorld): boolean {
  return phaseOf(world.state) === 'synced' && world.store.outbox === 0 && errorOf(world.state) === null
}
