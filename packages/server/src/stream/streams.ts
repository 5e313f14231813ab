/**
 * Streams: pokes the streams of those whom a change concerns, soon after it was committed by whomever.
 *
 * A follower reads the log's head while somebody listens. What a user holds is read when a stream opens and again when a
 * changed table is one that holders read, and in turns every few seconds, since membership may also depend
 * on tables that are not synced. No transaction is open while a stream is.
 */
import { type Clock, LandfallError, type UserId } from '@landfall/protocol'
import type { ServerContext } from '../context.ts'
import { CHECK_MS } from '../gaps/capture-watch.ts'
import { createAnnouncer } from './announcer.ts'
import { createAudience } from './audience.ts'
import { createFollower, type LogStep } from './follower.ts'
import { createMembership } from './membership.ts'
import { type EventStream, openEventStream } from './stream.ts'

export type Streams = {
  open(user: UserId): Promise<Response>
  /** This process has committed something: look at once, and tell the others. */
  wake(): void
  close(): Promise<void>
}

type OpenStreams = Map<EventStream, { user: UserId; at: number }>

const HEARTBEAT_MS = 15_000
const TURN_MS = 5_000
/** Users whose holders are read again in one turn. */
const USERS_PER_TURN = 200

export type StreamsSurroundings = {
  onFailure: (error: unknown) => void
  /** Is capture due to be checked? */
  checkCapture: () => Promise<void>
}

export function createStreams(context: ServerContext, surroundings: StreamsSurroundings): Streams {
  const { onFailure, checkCapture } = surroundings
  const { bookkeeping, clock, database, limits } = context
  const audience = createAudience()
  const opened: OpenStreams = new Map()
  const membership = createMembership(context, audience, onFailure)
  const follower = createFollower({ database, bookkeeping, clock, onFailure, onStep })
  const announcer = createAnnouncer(context, onFailure)
  let stops: (() => void)[] = []
  let closed = false

  function onStep(step: LogStep): void {
    if (step === null) audience.pokeAll()
    else audience.poke(step.scopes)
    if (step === null || membership.dependsOn(step.tables)) membership.refreshAll()
  }

  function startOnce(): void {
    if (stops.length > 0) return
    follower.start()
    stops = [
      () => follower.stop(),
      announcer.listen(() => follower.wake()),
      every(clock, HEARTBEAT_MS, () => beat(opened, clock.now() - limits.streamMs)),
      every(clock, TURN_MS, () => membership.refreshSome(USERS_PER_TURN)),
      every(clock, CHECK_MS, () => void checkCapture()),
    ]
  }

  function stop(): void {
    for (const stopOne of stops.splice(0)) stopOne()
  }

  function remove(user: UserId, stream: EventStream): void {
    opened.delete(stream)
    audience.remove(user, stream)
    if (opened.size === 0) stop()
  }

  function checkRoom(user: UserId): void {
    const mine = audience.find(user)?.streams.size ?? 0
    if (closed || opened.size >= limits.streams) throw new LandfallError('server_busy', { reason: 'streams' })
    if (mine >= limits.streamsPerUser) {
      throw new LandfallError('rate_limited', { retryAfterMs: HEARTBEAT_MS })
    }
  }

  return {
    async open(user) {
      checkRoom(user)
      const held = await membership.read(user)
      checkRoom(user)
      const stream = openEventStream(() => remove(user, stream))
      opened.set(stream, { user, at: clock.now() })
      audience.add(user, stream, held)
      startOnce()
      stream.hello()
      return stream.response
    },
    wake() {
      follower.wake()
      void announcer.tellOthers()
    },
    async close() {
      closed = true
      for (const stream of opened.keys()) stream.end()
      stop()
    },
  }
}

/** Ends the streams opened before a time, and those whose readers are stuck. */
function beat(opened: OpenStreams, before: number): void {
  for (const [stream, { at }] of opened) {
    if (at < before || !stream.heartbeat()) stream.end()
  }
}

/** Acts again and again until the answer is called. */
function every(clock: Clock, ms: number, act: () => void): () => void {
  let cancel = () => {}
  const next = () => {
    cancel = clock.after(ms, () => {
      next()
      act()
    })
  }
  next()
  return () => cancel()
}
