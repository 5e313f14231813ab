/**
 * One verification: a stack of questions, each answered in a turn of the sync loop of its own (P3.3).
 *
 * Each answer is compared with the base view at that turn's cursor. It answers its question, or puts narrower questions on
 * top. Pulls go on between questions, and a row that a pull has repaired no longer counts as a difference. Rows that
 * differ are repaired before the next question is asked.
 */
import {
  type DifferentKey,
  encodeKey,
  LandfallError,
  MAX_DIFFERENT_KEYS,
  rowAt,
  rowCount,
  type ScopeKey,
  type TableDifference,
  type VerifyAnswer,
  type VerifyReport,
  type VerifyRequest,
  type VerifyResponse,
  type WireColumns,
} from '@landfall/protocol'
import type { SyncState, Touched } from '../../store/store.ts'
import { inTurn } from '../../local/turnstile.ts'
import { createLocalSums, type LocalSums, type LocalSumsContext, type Part } from './local-sums.ts'
import {
  afterBuckets,
  afterChecksums,
  askable,
  askOf,
  type Difference,
  differences,
  firstQuestions,
  type Question,
  rowQuestions,
} from './questions.ts'

export type VerificationContext = LocalSumsContext & {
  /** After each repair. */
  applied: (touched: Touched) => void
}

/** How often in a row the server may say that we are too far behind to be answered. */
const MOST_TRIES = 5

type Told = VerifyResponse & { behind: false }
type AnswerOf<Kind extends VerifyAnswer['kind']> = Extract<VerifyAnswer, { kind: Kind }>

export class Verification {
  readonly #context: VerificationContext
  readonly #local: LocalSums
  readonly #marked: boolean
  readonly #differences = new Map<string, TableDifference>()
  /** The marks of each table when the first question was asked. */
  #marks: ReadonlyMap<string, number> = new Map()
  /** null until the first turn. */
  #stack: Question[] | null = null
  #tries = 0

  /** Of all tables, or of those that have a mark. */
  constructor(context: VerificationContext, tables: 'all' | 'marked') {
    this.#context = context
    this.#marked = tables === 'marked'
    this.#local = createLocalSums(context)
  }

  get done(): boolean {
    return this.#stack?.length === 0
  }

  report(): VerifyReport {
    const found = [...this.#differences.values()]
    return { ok: found.length === 0, differences: found }
  }

  /** The next message; null when nothing is left to ask. */
  request(): VerifyRequest | null {
    const state = this.#context.store.syncState()
    const { client, cursor } = state
    if (cursor === null) throw new LandfallError('internal', { what: 'verify without a cursor' })
    this.#stack ??= this.#begin(state)
    const question = this.#stack.at(-1)
    if (question === undefined) return null
    const scopes = scopesOf(question, state)
    return { client, cursor, table: question.table, scopes, ask: askOf(question) }
  }

  async answer(response: VerifyResponse): Promise<void> {
    if (response.behind) {
      if (++this.#tries >= MOST_TRIES) throw new LandfallError('server_busy', { what: 'verify' })
      return
    }
    this.#tries = 0
    const state = this.#context.store.syncState()
    if (state.user !== null && state.user !== response.user)
      throw new LandfallError('user_changed', { stored: state.user, signedIn: response.user })
    const question = this.#stack?.pop()
    if (question === undefined) return
    this.#stack?.push(...(await this.#follow(question, response, state)))
    await this.#answerMarks(question.table)
  }

  #begin(state: SyncState): Question[] {
    this.#marks = new Map(state.gaps.map(({ table, marks }) => [table, marks]))
    const isMeant = (name: string): boolean => !this.#marked || (this.#marks.get(name) ?? 0) > 0
    const tables = this.#context.manifest.tables.filter(({ name }) => isMeant(name))
    return firstQuestions(tables, scopesIn(state))
  }

  /** Once nothing is left to ask about the table: what is interrupted later begins with the others. */
  async #answerMarks(table: string): Promise<void> {
    const { store, turnstile } = this.#context
    const marks = this.#marks.get(table) ?? 0
    if (marks === 0 || this.#stack?.some((question) => question.table === table)) return
    await inTurn(turnstile, () => store.answerMarks({ table, marks }))
  }

  #follow(question: Question, told: Told, state: SyncState): Promise<Question[]> {
    const lost = new Set(told.lost)
    const scopes = scopesOf(question, state).filter((scope) => !lost.has(scope))
    const part = { table: question.table, scopes, except: keySet(told.except) }
    const { answer } = told
    if (question.kind === 'checksums' && answer.kind === 'checksums')
      return this.#checksums(question, answer, { part, state })
    if (question.kind === 'buckets' && answer.kind === 'buckets') return this.#buckets(question, answer, part)
    if (question.kind === 'hashes' && answer.kind === 'hashes') return this.#hashes(question, answer, part)
    if (question.kind === 'rows' && answer.kind === 'rows') return this.#repair(question, answer)
    throw new LandfallError('response_invalid', { what: 'verify' })
  }

  async #checksums(
    question: Question & { kind: 'checksums' },
    { scopes }: AnswerOf<'checksums'>,
    { part, state }: { part: Part; state: SyncState },
  ): Promise<Question[]> {
    const server = new Map(scopes.map((sum) => [sum.scope, sum]))
    const local = await this.#local.byScope(part)
    const next = afterChecksums(part.table, part.scopes, { local, server })
    if (!question.strays) return next
    const strays = await this.#local.strays(part.table, scopesIn(state))
    return [
      ...next,
      ...this.#found(
        null,
        part.table,
        strays.map((key) => ({ ...key, problem: 'extra' })),
      ),
    ]
  }

  async #buckets(
    question: Question & { kind: 'buckets' },
    { buckets }: AnswerOf<'buckets'>,
    part: Part,
  ): Promise<Question[]> {
    if (part.scopes.length === 0) return []
    const server = new Map(buckets.map((sum) => [sum.bucket, sum]))
    return afterBuckets(question, { local: await this.#local.byBucket(part, question.bits), server })
  }

  async #hashes(
    question: Question & { kind: 'hashes' },
    answer: AnswerOf<'hashes'>,
    part: Part,
  ): Promise<Question[]> {
    if (part.scopes.length === 0) return []
    const local = await this.#local.hashes(part, question)
    return this.#found(question.scope, question.table, differences(local, answer))
  }

  #found(scope: ScopeKey | null, table: string, found: Difference[]): Question[] {
    if (found.length === 0) return []
    const place = JSON.stringify([scope, table])
    const entry = this.#differences.get(place) ?? { scope, table, count: 0, keys: [] }
    entry.count += found.length
    const room = MAX_DIFFERENT_KEYS - entry.keys.length
    entry.keys.push(...found.slice(0, room).map(nameOf))
    this.#differences.set(place, entry)
    return rowQuestions(table, found)
  }

  async #repair({ table, keys }: Question & { kind: 'rows' }, answer: AnswerOf<'rows'>): Promise<Question[]> {
    const { store, turnstile, applied, manifest } = this.#context
    const asked = askable(keys)
    const impossible = keys.filter((key) => !asked.includes(key))
    const answeredRows = asked.slice(0, answer.answered)
    if (asked.length > 0 && answeredRows.length === 0)
      throw new LandfallError('response_invalid', { what: 'no rows' })
    const definition = manifest.tables.find(({ name }) => name === table)
    const places = (definition?.key ?? []).map((name) =>
      (definition?.columns ?? []).findIndex((column) => column.name === name),
    )
    const there = keySet(places.map((place) => answer.rows[place] ?? []))
    const gone = [...impossible, ...answeredRows.filter(({ texts }) => !there.has(encodeKey(texts)))]
    const stored = gone.flatMap((key) => (key.stored === null ? [] : [key.stored]))
    const columns = places.map((_, i) => stored.map((key) => key[i] ?? null))
    await inTurn(turnstile, () => applied(store.repair({ table, rows: answer.rows, gone: columns })))
    return rowQuestions(table, asked.slice(answeredRows.length))
  }
}

const scopesIn = ({ scopes }: SyncState): ScopeKey[] => scopes.map(({ scope }) => scope)

/** Those that the device still has: a pull may have taken some since the question was put on the stack. */
function scopesOf(question: Question, state: SyncState): ScopeKey[] {
  const all = scopesIn(state)
  if (question.kind === 'rows') return all
  const asked = new Set(question.kind === 'checksums' ? question.scopes : [question.scope])
  return all.filter((scope) => asked.has(scope))
}

function keySet(keys: WireColumns): Set<string> {
  return new Set(Array.from({ length: rowCount(keys) }, (_, row) => encodeKey(rowAt(keys, row))))
}

/** The marks of what cannot be in Postgres are not for people. */
function nameOf({ texts, problem }: Difference): DifferentKey {
  return { key: texts.map((text) => (text ?? '').replace(/^\0\w+:/, '')), problem }
}
