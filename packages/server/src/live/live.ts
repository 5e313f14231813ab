/**
 * Live: pokes the streams of those whom a change concerns, soon after it was committed by whomever.
 *
 * A follower reads the log's head while somebody listens. What a user holds is read when a stream opens and again when a
 * changed table is one that the holders' SQL mentions, and in turns every few seconds, since membership may also depend
 * on tables that are not synced. No transaction is open while a stream is.
 */
import { LandfallError, type UserId } from '@landfall/protocol'
import type { ServerContext } from '../context.ts'
import type { TransactionOptions } from '../database.ts'
import { prepareHolders, readHeldScopes } from '../holders.ts'
import { createAudience, type Listener } from './audience.ts'
import { createFollower, type LogStep } from './follower.ts'
import { type EventStream, openEventStream } from './stream.ts'

export type Live = {
  open(user: UserId): Promise<Response>
  /** This process has committed something: look at once, and tell the others. */
  wake(): void
  close(): Promise<void>
}

const READ: TransactionOptions = { isolation: 'repeatable read', readOnly: true }
const CHANNEL = 'landfall'
const HEARTBEAT_MS = 15_000
const TURN_MS = 5_000
/** Users whose holders are read again in one turn. */
const USERS_PER_TURN = 200

type Notifying = 'no' | 'yes' | 'again'

/** The compiler does not see that the state may have changed while NOTIFY was awaited. */
const isAgain = (state: Notifying): boolean => state === 'again'

export function createLive(context: ServerContext, onFailure: (error: unknown) => void): Live {
  const { clock, database, limits } = context
  const audience = createAudience()
  const opened = new Map<EventStream, { user: UserId; at: number }>()
  const membership = createMembership(context, audience, onFailure)
  const follower = createFollower({ database, clock, onFailure, onStep })
  const stops: (() => void)[] = []
  let unlisten: Promise<() => Promise<void>> | null = null
  let notifying: Notifying = 'no'
  let closed = false

  function onStep(step: LogStep): void {
    if (step === null) audience.pokeAll()
    else audience.poke(step.scopes)
    if (step === null || membership.dependsOn(step.tables)) membership.refreshAll()
  }

  function heartbeat(): void {
    for (const [stream, { at }] of opened) {
      const expired = clock.now() - at > limits.streamMs
      if (expired || !stream.heartbeat()) stream.end()
    }
  }

  function startOnce(): void {
    if (stops.length > 0) return
    follower.start()
    unlisten = database.listen?.(CHANNEL, () => follower.wake()) ?? null
    unlisten?.catch(onFailure)
    stops.push(
      every(HEARTBEAT_MS, heartbeat),
      every(TURN_MS, () => membership.refreshSome(USERS_PER_TURN)),
    )
    stops.push(() => follower.stop())
  }

  function stop(): void {
    for (const stopOne of stops.splice(0)) stopOne()
    void unlisten?.then((end) => end()).catch(onFailure)
    unlisten = null
  }

  function every(ms: number, act: () => void): () => void {
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

  function remove(user: UserId, stream: EventStream): void {
    opened.delete(stream)
    audience.remove(user, stream)
    if (opened.size === 0) stop()
  }

  /** By a NOTIFY of its own, never in a user's transaction; one at a time, and once more for what came meanwhile. */
  async function tellOthers(): Promise<void> {
    if (!database.notify || notifying !== 'no') {
      if (database.notify) notifying = 'again'
      return
    }
    notifying = 'yes'
    await database.notify(CHANNEL).catch(onFailure)
    const again = isAgain(notifying)
    notifying = 'no'
    if (again && !closed) await tellOthers()
  }

  function checkRoom(user: UserId): void {
    const mine = audience.find(user)?.streams.size ?? 0
    if (closed || opened.size >= limits.streams) throw new LandfallError('server_busy', { reason: 'streams' })
    if (mine >= limits.streamsPerUser) {
      throw new LandfallError('rate_limited', { what: 'streams', retryAfterMs: HEARTBEAT_MS })
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
      void tellOthers()
    },
    async close() {
      closed = true
      for (const stream of [...opened.keys()]) stream.end()
      stop()
    },
  }
}

type Membership = {
  read(user: UserId): ReturnType<typeof readHeldScopes>
  dependsOn(tables: ReadonlySet<string>): boolean
  refreshAll(): void
  refreshSome(count: number): void
}

/** Reads what listeners hold, one user at a time, so that a large audience does not take all connections. */
function createMembership(
  context: ServerContext,
  audience: ReturnType<typeof createAudience>,
  onFailure: (error: unknown) => void,
): Membership {
  const due = new Set<UserId>()
  let working = false
  let texts = ''

  async function read(user: UserId) {
    const holders = await prepareHolders(context, user)
    texts = holders.query?.sql ?? ''
    return context.database.transaction(READ, (tx) => readHeldScopes(tx, holders, context.limits.scopes))
  }

  async function work(): Promise<void> {
    if (working) return
    working = true
    for (let [user] = due; user !== undefined; [user] = due) {
      due.delete(user)
      await refresh(audience.find(user)).catch(onFailure)
    }
    working = false
  }

  async function refresh(listener: Listener | undefined): Promise<void> {
    if (!listener) return
    const held = await read(listener.user)
    if (audience.find(listener.user) === listener) audience.setHeld(listener, held)
  }

  let turn: Iterator<Listener> = audience.listeners()[Symbol.iterator]()

  return {
    read,
    dependsOn: (tables) => [...tables].some((table) => texts.includes(table)),
    refreshAll() {
      for (const { user } of audience.listeners()) due.add(user)
      void work()
    },
    refreshSome(count) {
      for (let i = 0; i < count; i++) {
        const next = turn.next()
        if (next.done) {
          turn = audience.listeners()[Symbol.iterator]()
          break
        }
        due.add(next.value.user)
      }
      void work()
    },
  }
}
