/**
 * Who listens, and what each of them holds: finds the streams that a changed scope concerns (P4).
 *
 * Streams of one user share what that user holds. An index from scope to users keeps a step's cost to those concerned.
 */
import { EVERY_SCOPE, type ScopeKey, type UserId } from '@landfall/protocol'
import type { EventStream } from './stream.ts'

export type Listener = { user: UserId; held: Set<ScopeKey>; streams: Set<EventStream> }

export type Audience = {
  listeners(): Iterable<Listener>
  find(user: UserId): Listener | undefined
  add(user: UserId, stream: EventStream, held: readonly ScopeKey[]): void
  remove(user: UserId, stream: EventStream): void
  /** Replaces what a user holds, and pokes for what was gained or lost. */
  setHeld(listener: Listener, held: readonly ScopeKey[]): void
  poke(scopes: Iterable<ScopeKey>): void
  pokeAll(): void
}

export function createAudience(): Audience {
  const users = new Map<UserId, Listener>()
  const byScope = new Map<ScopeKey, Set<Listener>>()

  function hold(listener: Listener, scope: ScopeKey): void {
    listener.held.add(scope)
    const holders = byScope.get(scope) ?? new Set()
    byScope.set(scope, holders.add(listener))
  }

  function release(listener: Listener, scope: ScopeKey): void {
    listener.held.delete(scope)
    const holders = byScope.get(scope)
    holders?.delete(listener)
    if (holders?.size === 0) byScope.delete(scope)
  }

  function setHeld(listener: Listener, held: readonly ScopeKey[]): void {
    const next = new Set(held)
    const lost = [...listener.held].filter((scope) => !next.has(scope))
    const gained = held.filter((scope) => !listener.held.has(scope))
    for (const scope of lost) release(listener, scope)
    for (const scope of gained) hold(listener, scope)
    if (lost.length + gained.length > 0) pokeListener(listener, [...gained, ...lost])
  }

  return {
    listeners: () => users.values(),
    find: (user) => users.get(user),
    setHeld,
    add(user, stream, held) {
      const listener = users.get(user) ?? { user, held: new Set(), streams: new Set() }
      users.set(user, listener)
      setHeld(listener, held)
      listener.streams.add(stream)
    },
    remove(user, stream) {
      const listener = users.get(user)
      listener?.streams.delete(stream)
      if (!listener || listener.streams.size > 0) return
      for (const scope of listener.held) release(listener, scope)
      users.delete(user)
    },
    poke(scopes) {
      const concerned = new Map<Listener, ScopeKey[]>()
      for (const scope of scopes) {
        for (const listener of byScope.get(scope) ?? []) {
          const known = concerned.get(listener)
          if (known) known.push(scope)
          else concerned.set(listener, [scope])
        }
      }
      for (const [listener, changed] of concerned) pokeListener(listener, changed)
    },
    pokeAll() {
      for (const listener of users.values()) pokeListener(listener, [EVERY_SCOPE])
    },
  }
}

function pokeListener(listener: Listener, scopes: readonly ScopeKey[]): void {
  for (const stream of listener.streams) stream.poke(scopes)
}
