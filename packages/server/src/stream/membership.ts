/**
 * What listeners hold, kept up to date: one user at a time, so that a large audience does not take all connections.
 */
import type { ScopeKey, UserId } from '@landfall/protocol'
import type { ServerContext } from '../context.ts'
import type { TransactionOptions } from '../database/database.ts'
import { prepareHolders, readHeldScopes, tablesOfHolders } from '../scopes/holders.ts'
import type { Audience, Listener } from './audience.ts'

export type Membership = {
  read(user: UserId): Promise<ScopeKey[]>
  /** Whether holders read one of the tables. */
  dependsOn(tables: ReadonlySet<string>): boolean
  refreshAll(): void
  /** The next so many in turn. */
  refreshSome(count: number): void
}

const READ: TransactionOptions = { isolation: 'repeatable read', readOnly: true }

export function createMembership(
  context: ServerContext,
  audience: Audience,
  onFailure: (error: unknown) => void,
): Membership {
  const due = new Set<UserId>()
  let working = false
  const tablesRead = tablesOfHolders(context.sync.manifest, context.holders)

  async function read(user: UserId) {
    const holders = await prepareHolders(context, user)
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
    dependsOn: (tables) => [...tables].some((table) => tablesRead.has(table)),
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
