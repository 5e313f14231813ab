/**
 * A world for the sync loop without SQLite or HTTP: it carries out the loop's effects on a few numbers, and answers
 * as it is told. What it finds broken, it throws.
 */
import type { ErrorCode } from '@landfall/protocol'
import { LandfallError, encodeError } from '@landfall/protocol'
import { deadline } from '../src/sync/loop/phase.ts'
import {
  type Effect,
  type Event,
  initialState,
  type Request,
  type State,
  type StateKind,
  type StoreFacts,
} from '../src/sync/loop/state.ts'
import { step } from '../src/sync/loop/step.ts'

export const WITH_TIMER: readonly StateKind[] = ['idle', 'requesting', 'offline', 'stopped']

export type Answer =
  | { kind: 'ok' }
  | { kind: 'fail'; code: ErrorCode; retryAfterMs?: number }
  | { kind: 'push fails'; code: ErrorCode }
  | { kind: 'pull fails'; code: ErrorCode }

export class LoopWorld {
  now: number
  random: number
  state: State = initialState()
  /** Every effect so far, in short: `sync+push`, `page`, `openStream`, ... */
  log: string[] = []
  sent: Request | null = null
  #applying: { id: number; loadAgain: boolean; request: Request | null; pushed: boolean } | null = null
  #stream = false
  #pages = 0
  /** Questions that a verification has left, the one under way among them. */
  questions = 0
  /** Tables that the server has marked; a verification of one question answers each. */
  #marks = 0
  #store: StoreFacts

  constructor({ outbox = 0, started = false, pages = 0, now = 1_000_000, random = 0.5 } = {}) {
    this.now = now
    this.random = random
    this.#pages = pages
    this.#store = {
      outbox,
      dueMs: 0,
      acknowledged: 0,
      started,
      pagesLeft: pages > 0,
      ready: started && pages === 0,
      marked: false,
    }
  }

  get store(): StoreFacts {
    return this.#store
  }

  get applying(): boolean {
    return this.#applying !== null
  }

  tell(event: Event): this {
    const { state, effects } = step(this.state, event, { now: this.now, random: this.random })
    this.state = state
    for (const effect of effects) this.#carryOut(effect)
    this.#check(event.kind === 'timer')
    return this
  }

  lead(): this {
    return this.tell({ kind: 'lead', store: this.#store })
  }

  verify(questions: number): this {
    this.questions = questions
    return this.tell({ kind: 'verify' })
  }

  /** The next pull brings so many marks. */
  mark(marks: number): this {
    this.#marks += marks
    return this
  }

  /** Time passes; the timer, if it is due by then, has not fired yet. */
  later(ms: number): this {
    this.now += ms
    return this
  }

  write(): this {
    this.#store = { ...this.#store, outbox: this.#store.outbox + 1 }
    return this.tell({ kind: 'wrote', outbox: this.#store.outbox })
  }

  /** Moves to the loop's own timer, if it has one, and lets it fire. */
  timer(): this {
    const at = deadline(this.state)
    if (Number.isFinite(at)) this.now = Math.max(this.now, at)
    return this.tell({ kind: 'timer' })
  }

  /** The server answers the request under way. */
  answer(answer: Answer = { kind: 'ok' }): this {
    const request = this.sent
    if (request === null) return this
    this.sent = null
    const { id } = request
    if (answer.kind === 'fail') {
      const error = encodeError(new LandfallError(answer.code))
      return this.tell({ kind: 'failed', id, error, retryAfterMs: answer.retryAfterMs ?? 0 })
    }
    const error = answer.kind === 'ok' ? null : encodeError(new LandfallError(answer.code))
    const push =
      answer.kind === 'push fails' && request.turn.kind === 'sync' && request.turn.push ? error : null
    const pull = answer.kind === 'pull fails' && request.turn.kind === 'sync' ? error : null
    this.#pending = { request, pushed: push === null }
    return this.tell({ kind: 'responded', id, push, pull })
  }

  #pending: { request: Request; pushed: boolean } | null = null

  /** The store commits what waits to be applied. */
  commit(): this {
    const work = this.#applying
    if (work === null) return this
    this.#applying = null
    if (work.request?.turn.kind === 'verify') this.#answered()
    this.#store = this.#after(work)
    return this.tell({
      kind: 'applied',
      id: work.id,
      store: this.#store,
      more: this.questions > 0 || this.#marks > 0,
    })
  }

  #answered(): void {
    if (this.questions > 0) this.questions -= 1
    else this.#marks = Math.max(0, this.#marks - 1)
  }

  refuse(code: ErrorCode): this {
    const work = this.#applying
    if (work === null) return this
    this.#applying = null
    return this.tell({ kind: 'applyFailed', id: work.id, error: encodeError(new LandfallError(code)) })
  }

  #after(work: { loadAgain: boolean; request: Request | null; pushed: boolean }): StoreFacts {
    const store = this.#store
    if (work.loadAgain) return { ...store, started: false, pagesLeft: false, ready: false }
    if (work.request?.turn.kind === 'page') {
      this.#pages -= 1
      return { ...store, pagesLeft: this.#pages > 0 }
    }
    if (work.request?.turn.kind === 'verify') return { ...store, marked: this.#marks > 0 }
    if (!store.started) this.#pages = 2
    const acked =
      work.request?.turn.kind === 'sync' && work.request.turn.push && work.pushed ? store.outbox : 0
    return {
      outbox: store.outbox - acked,
      dueMs: 0,
      acknowledged: store.acknowledged + acked,
      started: true,
      pagesLeft: this.#pages > 0,
      ready: this.#pages === 0,
      marked: this.#marks > 0,
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        if (this.sent !== null || this.#applying !== null)
          throw new Error('asked for rows before the last were committed')
        this.sent = effect.request
        this.log.push(nameOf(effect.request))
        return
      case 'abort':
        if (this.sent?.id === effect.id) this.sent = null
        break
      case 'apply':
        this.#applying = { id: effect.id, loadAgain: false, request: null, pushed: true, ...this.#pending }
        return
      case 'loadAgain':
        this.#applying = { id: effect.id, loadAgain: true, request: null, pushed: false }
        break
      case 'openStream':
      case 'closeStream':
        if (this.#stream === (effect.kind === 'openStream')) throw new Error(`${effect.kind} twice`)
        this.#stream = effect.kind === 'openStream'
        break
    }
    this.log.push(effect.kind)
  }

  /** A stream that has ended by itself needs no closing. */
  endStream(): this {
    if (!this.#stream) return this
    this.#stream = false
    return this.tell({ kind: 'streamEnded' })
  }

  openStream(): this {
    return this.#stream ? this.tell({ kind: 'streamOpened' }) : this
  }

  #check(fired: boolean): void {
    const at = deadline(this.state)
    const waits = WITH_TIMER.includes(this.state.kind)
    if (waits && !Number.isFinite(at)) throw new Error(`${this.state.kind} waits without a timer`)
    if (waits && fired && at <= this.now)
      throw new Error(`${this.state.kind} has a timer that is due already`)
    if (this.state.kind === 'requesting' && this.sent === null)
      throw new Error('waits for a request that was not sent')
    if (this.state.kind === 'applying' && this.#applying === null)
      throw new Error('waits for a commit that was not asked')
  }
}

function nameOf({ turn }: Request): string {
  if (turn.kind !== 'sync') return turn.kind
  return turn.push ? 'sync+push' : 'sync'
}

/** In step, with an open stream. */
export function inStep(): LoopWorld {
  const world = new LoopWorld({ started: true }).lead().answer().commit().openStream().answer().commit()
  world.later(1_000)
  world.log = []
  return world
}
