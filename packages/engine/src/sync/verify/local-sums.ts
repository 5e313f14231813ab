/**
 * The device's half of each question, read from the base view part by part.
 *
 * Each part takes its turn among the app's transactions, and between parts the app's calls come in: a large table is
 * summed up for seconds. No pull can come in between, since a question is one turn of the sync loop.
 */
import {
  type Clock,
  decodeScopeKey,
  encodeKey,
  encodeScopeKey,
  type Manifest,
  type ScopeKey,
} from '@landfall/protocol'
import type { BaseRow, Store } from '../../store/store.ts'
import { inTurn, type Turnstile } from '../../local/turnstile.ts'
import { addTo, bucketOf, hashTexts, type Sum } from './hash.ts'
import type { LocalHash, RepairKey } from './questions.ts'

export type LocalSumsContext = { store: Store; turnstile: Turnstile; clock: Clock; manifest: Manifest }

export type Part = {
  table: string
  scopes: readonly ScopeKey[]
  /** Keys left out, by `encodeKey`. */
  except: ReadonlySet<string>
}

const PART_ROWS = 1_000

export type LocalSums = {
  /** A row counts in each of the scopes it is in. */
  byScope(part: Part): Promise<Map<ScopeKey, Sum>>
  byBucket(part: Part, bits: number): Promise<Map<number, Sum>>
  /** The rows of the buckets, by `encodeKey`. */
  hashes(part: Part, asked: { bits: number; buckets: readonly number[] }): Promise<Map<string, LocalHash>>
  /** Rows that none of the scopes covers. */
  strays(table: string, scopes: readonly ScopeKey[]): Promise<RepairKey[]>
}

export function createLocalSums({ store, turnstile, clock, manifest }: LocalSumsContext): LocalSums {
  async function read(part: Part, rows: 'inside' | 'outside', see: (row: BaseRow) => void): Promise<void> {
    const { table, scopes, except } = part
    const readAfter = (after: BaseRow['key'] | null): Promise<BaseRow[]> =>
      inTurn(turnstile, () => store.readBase({ table, scopes, rows, after, limit: PART_ROWS }))
    for (let after: BaseRow['key'] | null = null; ; ) {
      const found: BaseRow[] = await readAfter(after)
      for (const row of found) if (except.size === 0 || !except.has(encodeKey(row.keyTexts))) see(row)
      after = found.at(-1)?.key ?? null
      if (found.length < PART_ROWS) return
      await new Promise<void>((resolve) => clock.after(0, resolve))
    }
  }

  return {
    async byScope(part) {
      const sums = new Map<ScopeKey, Sum>()
      for (const scopes of readings(manifest, part)) {
        const asked = { ...part, scopes }
        const scopesOf = scopeReader(manifest, asked)
        await read(asked, 'inside', (row) => {
          const hash = hashTexts(row.texts)
          for (const scope of scopesOf(row)) addTo(sums, scope, hash)
        })
      }
      return sums
    },
    async byBucket(part, bits) {
      const sums = new Map<number, Sum>()
      await read(part, 'inside', ({ keyTexts, texts }) =>
        addTo(sums, bucketOf(hashTexts(keyTexts), bits), hashTexts(texts)),
      )
      return sums
    },
    async hashes(part, { bits, buckets }) {
      const hashes = new Map<string, LocalHash>()
      const asked = new Set(buckets)
      await read(part, 'inside', ({ key, keyTexts, texts }) => {
        if (!asked.has(bucketOf(hashTexts(keyTexts), bits))) return
        hashes.set(encodeKey(keyTexts), { hash: hashTexts(texts), stored: key, texts: keyTexts })
      })
      return hashes
    },
    async strays(table, scopes) {
      const strays: RepairKey[] = []
      await read({ table, scopes, except: new Set() }, 'outside', ({ key, keyTexts }) =>
        strays.push({ texts: keyTexts, stored: key }),
      )
      return strays
    },
  }
}

/** The part's scopes as they can be read at once: a parent's scope by itself, since the texts of a row do not tell it. */
function readings(manifest: Manifest, { table, scopes }: Part): (readonly ScopeKey[])[] {
  const definition = manifest.tables.find(({ name }) => name === table)
  const rules = definition?.scopes.filter(({ through }) => through !== undefined) ?? []
  const byParent = new Set(rules.map(({ scope }) => scope))
  const isAlone = (scope: ScopeKey): boolean => byParent.has(decodeScopeKey(scope).scope)
  const together = scopes.filter((scope) => !isAlone(scope))
  return [...(together.length === 0 ? [] : [together]), ...scopes.filter(isAlone).map((scope) => [scope])]
}

/** Which of the part's scopes a row is in, by its texts, as on the server. */
function scopeReader(manifest: Manifest, { table, scopes }: Part): (row: BaseRow) => ScopeKey[] {
  const definition = manifest.tables.find(({ name }) => name === table)
  const asked = new Set(scopes)
  const rules = (definition?.scopes ?? []).map(({ scope, column, through }) => ({
    scope,
    through,
    place: definition?.columns.findIndex(({ name }) => name === column) ?? -1,
  }))
  return ({ texts }) =>
    rules.flatMap(({ scope, through, place }) => {
      // The rows of such a scope were asked for alone.
      if (through !== undefined) return scopes.filter((each) => decodeScopeKey(each).scope === scope)
      const text = place < 0 ? '' : texts[place]
      const key = text === null || text === undefined ? null : encodeScopeKey(scope, text)
      return key !== null && asked.has(key) ? [key] : []
    })
}
