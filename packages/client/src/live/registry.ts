/**
 * The page's live queries: one registration in the engine per SQL text and parameters, however many subscribe.
 *
 * A registration lives from its first subscriber until a moment after its last one leaves, because a re-render
 * unsubscribes and subscribes at once. While another tab leads, registrations wait; when this tab leads, the engine
 * gets them again.
 */
import type { EngineEvent, SqlApi, SqlParam } from '@landfall/engine'
import { decodeError, LandfallError } from '@landfall/protocol'
import { applyPatch, type RawResult } from './result.ts'

const LINGER_MS = 50

/** The state of one registration; a new object whenever it changes. */
export type Snapshot = { result: RawResult | null; error: LandfallError | null }

export type Registration = {
  subscribe(listener: () => void): () => void
  snapshot(): Snapshot
}

export type LiveRegistry = {
  registration(sql: string, params: SqlParam[]): Registration
  heard(event: EngineEvent): void
}

type Entry = {
  id: number
  sql: string
  params: SqlParam[]
  listeners: Set<() => void>
  snapshot: Snapshot
  /** The engine knows it. */
  active: boolean
}

const NOTHING: Snapshot = { result: null, error: null }

export class LiveQueriesOfPage implements LiveRegistry {
  readonly #sql: SqlApi
  readonly #byKey = new Map<string, Entry>()
  readonly #byId = new Map<number, Entry>()
  #nextId = 1
  #leader = true

  constructor(sql: SqlApi) {
    this.#sql = sql
  }

  registration(sql: string, params: SqlParam[]): Registration {
    const key = keyOf(sql, params)
    const entry = (): Entry => this.#byKey.get(key) ?? this.#create(key, { sql, params })
    return {
      subscribe: (listener) => this.#subscribe(entry(), listener),
      snapshot: () => this.#byKey.get(key)?.snapshot ?? NOTHING,
    }
  }

  heard(event: EngineEvent): void {
    if (event.kind === 'status') return this.#leads(event.status.leader)
    const entry = this.#byId.get(event.id)
    if (entry === undefined) return // released meanwhile
    if (event.kind === 'live') {
      this.#update(entry, { result: applyPatch(entry.snapshot.result, event.patch), error: null })
    } else this.#update(entry, { result: entry.snapshot.result, error: decodeError(event.error) })
  }

  #create(key: string, query: { sql: string; params: SqlParam[] }): Entry {
    const entry = {
      ...query,
      id: this.#nextId++,
      listeners: new Set<() => void>(),
      snapshot: NOTHING,
      active: false,
    }
    this.#byKey.set(key, entry)
    this.#byId.set(entry.id, entry)
    return entry
  }

  #subscribe(entry: Entry, listener: () => void): () => void {
    const own = (): void => listener() // one listener may subscribe twice
    entry.listeners.add(own)
    if (!entry.active && this.#leader) this.#activate(entry)
    return () => {
      if (!entry.listeners.delete(own) || entry.listeners.size > 0) return
      setTimeout(() => this.#release(entry), LINGER_MS)
    }
  }

  #activate(entry: Entry): void {
    entry.active = true
    this.#sql.live(entry.id, entry.sql, entry.params).catch((error: unknown) => {
      entry.active = false
      const coded =
        error instanceof LandfallError ? error : new LandfallError('internal', { cause: String(error) })
      if (coded.code === 'database_in_use') return // made when this tab leads
      this.#update(entry, { result: entry.snapshot.result, error: coded })
    })
  }

  #release(entry: Entry): void {
    if (entry.listeners.size > 0 || !this.#byId.delete(entry.id)) return
    this.#byKey.delete(keyOf(entry.sql, entry.params))
    if (entry.active) this.#sql.unlive(entry.id).catch(() => {}) // a dead engine has forgotten it anyway
  }

  #leads(leader: boolean): void {
    const gained = leader && !this.#leader
    this.#leader = leader
    if (!leader) for (const entry of this.#byId.values()) entry.active = false
    if (!gained) return
    for (const entry of this.#byId.values()) if (entry.listeners.size > 0) this.#activate(entry)
  }

  #update(entry: Entry, snapshot: Snapshot): void {
    entry.snapshot = snapshot
    const listeners = [...entry.listeners] // who subscribes meanwhile is not told twice
    for (const listener of listeners) listener()
  }
}

/** Equal text for equal parameters only: 1, 1n, '1' and true differ. */
function keyOf(sql: string, params: SqlParam[]): string {
  return JSON.stringify([sql, ...params.map(tagged)])
}

function tagged(param: SqlParam): unknown {
  if (typeof param === 'bigint') return { bigint: param.toString() }
  if (param instanceof Uint8Array) return { bytes: param.join() }
  return typeof param === 'number' ? { number: Object.is(param, -0) ? '-0' : String(param) } : param
}
