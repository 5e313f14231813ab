/**
 * The questions of a verification, each narrower than the one before: a table's scopes, buckets, rows, and at last the rows
 * that repair (pure).
 *
 * Sizes are chosen so that no message carries more than some thousands of anything, however large the table is.
 */
import {
  type Checksum,
  type DifferentKey,
  encodeKey,
  type ManifestTable,
  MAX_BUCKET_BITS,
  MAX_VERIFY_SCOPES,
  rowAt,
  type ScopeKey,
  type VerifyAsk,
  type WireColumns,
  type WireRow,
} from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import { isPossible } from '../../store/base-view.ts'
import { hexOf, sameSum, type Sum } from './hash.ts'

export type Question =
  /** `strays`: look also for rows that none of the scopes covers, which needs nobody's answer. */
  | { kind: 'checksums'; table: string; scopes: ScopeKey[]; strays: boolean }
  | { kind: 'buckets'; table: string; scope: ScopeKey; bits: number }
  | { kind: 'hashes'; table: string; scope: ScopeKey; bits: number; buckets: number[] }
  | { kind: 'rows'; table: string; keys: RepairKey[] }

/** `stored` is null for a row that the device does not have. */
export type RepairKey = { texts: WireRow; stored: SqliteValue[] | null }

/** Rows whose hashes are asked for at once, and rows to repair. */
const HASHES_AT_ONCE = 2_000
const ROWS_AT_ONCE = 500
/** Rows that a bucket of the best size has. */
const BUCKET_ROWS = 200

/** Each table once for each thousand of the scopes that can hold its rows, the last table first. */
export function firstQuestions(tables: readonly ManifestTable[], scopes: readonly ScopeKey[]): Question[] {
  return tables.flatMap((table) => {
    const names = new Set(table.scopes.map(({ scope }) => `${scope}:`))
    const own = scopes.filter((scope) => names.has(scope.slice(0, scope.indexOf(':') + 1)))
    const parts = own.length === 0 ? [[]] : chunks(own, MAX_VERIFY_SCOPES)
    return parts.map((part, i) => ({
      kind: 'checksums' as const,
      table: table.name,
      scopes: part,
      strays: i === 0,
    }))
  })
}

export function askOf(question: Question): VerifyAsk {
  switch (question.kind) {
    case 'checksums':
      return { kind: 'checksums' }
    case 'buckets':
      return { kind: 'buckets', bits: question.bits }
    case 'hashes':
      return { kind: 'hashes', bits: question.bits, buckets: question.buckets }
    case 'rows':
      return { kind: 'rows', keys: keyColumns(question.keys) }
  }
}

function keyColumns(keys: RepairKey[]): WireColumns {
  const width = keys[0]?.texts.length ?? 1
  const asked = askable(keys)
  return Array.from({ length: width }, (_, i) => asked.map(({ texts }) => texts[i] ?? null))
}

/** A key that cannot be one in Postgres need not be asked for. */
export const askable = (keys: RepairKey[]): RepairKey[] => keys.filter(({ texts }) => isPossible(texts))

type Compared<Key> = { local: Map<Key, Sum>; server: Map<Key, Checksum> }

/** For the scopes that differ. */
export function afterChecksums(
  table: string,
  scopes: readonly ScopeKey[],
  { local, server }: Compared<ScopeKey>,
): Question[] {
  return scopes.flatMap((scope): Question[] => {
    const [mine, theirs] = [local.get(scope), server.get(scope)]
    if (sameSum(mine, theirs)) return []
    const rows = Math.max(mine?.count ?? 0, theirs?.count ?? 0)
    if (rows <= HASHES_AT_ONCE) return [{ kind: 'hashes', table, scope, bits: 0, buckets: [0] }]
    const bits = Math.min(MAX_BUCKET_BITS, Math.ceil(Math.log2(rows / BUCKET_ROWS)))
    return [{ kind: 'buckets', table, scope, bits }]
  })
}

/** For the buckets that differ, so many at once that the server sends at most `HASHES_AT_ONCE` hashes. */
export function afterBuckets(
  { table, scope, bits }: Question & { kind: 'buckets' },
  { local, server }: Compared<number>,
): Question[] {
  const differing = [...new Set([...local.keys(), ...server.keys()])].filter(
    (bucket) => !sameSum(local.get(bucket), server.get(bucket)),
  )
  const questions: (Question & { kind: 'hashes' })[] = []
  let room = 0
  for (const bucket of differing) {
    const rows = server.get(bucket)?.count ?? 0
    const last = questions.at(-1)
    if (last !== undefined && rows <= room) last.buckets.push(bucket)
    else {
      questions.push({ kind: 'hashes', table, scope, bits, buckets: [bucket] })
      room = HASHES_AT_ONCE
    }
    room -= rows
  }
  return questions
}

export type Difference = RepairKey & { problem: DifferentKey['problem'] }

export type LocalHash = { hash: bigint; stored: SqliteValue[]; texts: WireRow }

/** `local` by `encodeKey`. */
export function differences(
  local: ReadonlyMap<string, LocalHash>,
  { keys, hashes }: { keys: WireColumns; hashes: string[] },
): Difference[] {
  const found: Difference[] = []
  const theirs = new Set<string>()
  for (const [row, hash] of hashes.entries()) {
    const texts = rowAt(keys, row)
    const key = encodeKey(texts)
    theirs.add(key)
    const mine = local.get(key)
    if (mine === undefined) found.push({ texts, stored: null, problem: 'missing' })
    else if (hexOf(mine.hash) !== hash) found.push({ texts, stored: mine.stored, problem: 'different' })
  }
  for (const [key, { texts, stored }] of local) {
    if (!theirs.has(key)) found.push({ texts, stored, problem: 'extra' })
  }
  return found
}

export function rowQuestions(table: string, keys: RepairKey[]): Question[] {
  return chunks(keys, ROWS_AT_ONCE).map((part) => ({ kind: 'rows', table, keys: part }))
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}
