/**
 * Runs the sync loop: feeds events to the pure `step`, carries out its effects, keeps its one timer.
 *
 * Decides nothing. Responses wait here between their arrival and their commit; the commit takes its turn among the
 * app's transactions. `onStep` hears of every step, for the status and for the waiters of a sync.
 */
import {
  type FirstLoadPage,
  type Clock,
  encodeError,
  type ErrorData,
  LandfallError,
  type Randomness,
  type ScopeKey,
  type VerifyResponse,
} from '@landfall/protocol'
import { createExchange, type Exchange, type Exchanged } from './exchange.ts'
import { createLoopClock, type LoopClock } from './loop/loop-clock.ts'
import { deadline } from './loop/phase.ts'
import { type Effect, type Event, initialState, type Request, type State } from './loop/state.ts'
import { step } from './loop/step.ts'
import type { Store, Touched } from '../store/store.ts'
import { pageRequest, storeFacts } from './requests.ts'
import type { Taken } from './waiters.ts'
import type { Transport } from './transport/transport.ts'
import { inTurn, type Turnstile } from '../local/turnstile.ts'
import type { Verifier } from './verify/verifier.ts'

export type RunnerOptions = {
  store: Store
  transport: Transport
  verifier: Verifier
  turnstile: Turnstile
  clock: Clock
  randomness: Randomness
  /** After each commit of remote rows. */
  applied: (touched: Touched) => void
  onStep: (step: Taken) => void
}

type Arrived =
  | ({ kind: 'sync' } & Exchanged)
  | { kind: 'page'; scope: ScopeKey; response: FirstLoadPage }
  /** null: there was nothing to ask. */
  | { kind: 'verify'; response: VerifyResponse | null }

export class Runner {
  readonly #options: RunnerOptions
  readonly #clock: LoopClock
  readonly #exchange: Exchange
  readonly #pending: Event[] = []
  readonly #arrived = new Map<number, Arrived>()
  #state = initialState()
  #stepping = false
  #underWay: { id: number; controller: AbortController } | null = null
  #closeStream: () => void = () => {}

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#clock = createLoopClock(options.clock)
    this.#exchange = createExchange(options.store, options.transport)
  }

  state(): State {
    return this.#state
  }

  dispatch(event: Event): void {
    this.#pending.push(event)
    if (this.#stepping) return // an effect speaks up at once: its event waits for the step that made it
    this.#stepping = true
    try {
      for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift())
        this.#take(next)
    } finally {
      this.#stepping = false
    }
    this.#clock.arm(deadline(this.#state), () => this.dispatch({ kind: 'timer' }))
  }

  #take(event: Event): void {
    const before = this.#state
    const at = { now: this.#clock.now(), random: this.#options.randomness.number() }
    const { state, effects } = step(before, event, at)
    this.#state = state
    for (const effect of effects) this.#carryOut(effect)
    this.#options.onStep({ before, event, after: state })
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        return this.#send(effect.request)
      case 'abort':
        return this.#abort(effect.id)
      case 'apply':
        return void this.#commit(effect.id, () => this.#apply(effect.id))
      case 'loadAgain':
        return void this.#commit(effect.id, () => this.#inTurn(() => this.#options.store.loadAgain()))
      case 'openStream':
        return this.#openStream()
      case 'closeStream':
        return this.#closeStream()
    }
  }

  #send(request: Request): void {
    const { id } = request
    const controller = new AbortController()
    this.#underWay = { id, controller }
    this.#ask(request, controller.signal).then(
      (arrived) => {
        if (controller.signal.aborted) return
        this.#arrived.set(id, arrived)
        this.dispatch({ kind: 'responded', id, ...errorsOf(arrived) })
      },
      (error: unknown) => {
        if (controller.signal.aborted) return
        this.dispatch({ kind: 'failed', id, error: encodeError(error), retryAfterMs: retryAfterOf(error) })
      },
    )
  }

  async #ask({ turn }: Request, signal: AbortSignal): Promise<Arrived> {
    const { store, transport } = this.#options
    if (turn.kind === 'sync') return { kind: 'sync', ...(await this.#exchange(turn.push, signal)) }
    if (turn.kind === 'verify') {
      const question = this.#options.verifier.request()
      return { kind: 'verify', response: question && (await transport.verify(question, signal)) }
    }
    const message = pageRequest(store.syncState())
    const response = await transport.page(message, signal)
    if (response.next !== null && JSON.stringify(response.next) === JSON.stringify(message.position)) {
      throw new LandfallError('response_invalid', { what: 'the next page is this one' })
    }
    return { kind: 'page', scope: message.scope, response }
  }

  #abort(id: number): void {
    if (this.#underWay?.id === id) this.#underWay.controller.abort()
  }

  async #commit(id: number, work: () => Promise<void>): Promise<void> {
    const { store, verifier } = this.#options
    try {
      await work()
      this.dispatch({ kind: 'applied', id, store: storeFacts(store), more: verifier.more() })
    } catch (error) {
      this.dispatch({ kind: 'applyFailed', id, error: encodeError(error) })
    }
  }

  async #apply(id: number): Promise<void> {
    const found = this.#arrived.get(id)
    this.#arrived.delete(id)
    if (found?.kind !== 'verify') return this.#inTurn(() => this.#applyRows(found))
    if (found.response !== null) await this.#options.verifier.answer(found.response)
  }

  #inTurn(work: () => void): Promise<void> {
    return inTurn(this.#options.turnstile, work)
  }

  #applyRows(found: Arrived | undefined): void {
    const { store, applied } = this.#options
    if (found?.kind === 'page') applied(store.applyPage(found.scope, found.response))
    if (found?.kind !== 'sync' || !found.response.pull?.ok) return
    applied(store.applyPull(found.response.pull.value))
    if (found.refused !== null) applied(store.refuse(found.refused))
  }

  #openStream(): void {
    this.#closeStream = this.#options.transport.stream({
      opened: () => this.dispatch({ kind: 'streamOpened' }),
      poked: () => this.dispatch({ kind: 'poke' }),
      ended: () => this.dispatch({ kind: 'streamEnded' }),
    })
  }
}

function errorsOf(arrived: Arrived): { push: ErrorData | null; pull: ErrorData | null } {
  if (arrived.kind !== 'sync') return { push: null, pull: null }
  const { push, pull } = arrived.response
  if (pull === null)
    return { push: null, pull: encodeError(new LandfallError('response_invalid', { what: 'no pull' })) }
  return { push: push === null || push.ok ? null : push.error, pull: pull.ok ? null : pull.error }
}

function retryAfterOf(error: unknown): number {
  const asked = error instanceof LandfallError ? error.details['retryAfterMs'] : null
  return typeof asked === 'number' && asked > 0 ? asked : 0
}
