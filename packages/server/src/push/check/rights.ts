/**
 * What the user of a push may read and write (P4.1).
 *
 * A row may be read when one of its scopes is held, and written when all those are held that its table names for it
 * (`write` of the manifest), as the row was and as it is to be. Rights are those held before the transaction; only the
 * row as it is to be may also stand in a scope whose key the transaction brings into being (`new-keys.ts`). `authorize`
 * can only narrow this.
 */
import {
  decodeScopeKey,
  encodeScopeKey,
  LandfallError,
  type ManifestTable,
  type ScopeKey,
  type WireRow,
  type WireValue,
} from '@landfall/protocol'
import type { Authorize, AuthorizeChange, AuthorizeRow, ServerContext } from '../../context.ts'
import { type Batch, keyAt } from '../batch.ts'

export class Rights {
  readonly #held: ReadonlySet<string>
  readonly #made: ReadonlySet<string>
  readonly #keys: ReadonlyMap<string, readonly string[]>
  readonly #keysAfter: ReadonlyMap<string, readonly string[]>

  /** `made`: scopes that are not held, and whose keys the transaction brings into being. */
  constructor(held: readonly ScopeKey[], made: readonly ScopeKey[] = []) {
    this.#held = new Set(held)
    this.#made = new Set(made)
    this.#keys = keysByScope(held)
    this.#keysAfter = made.length === 0 ? this.#keys : keysByScope([...held, ...made])
  }

  /** The keys of the scope that a row may have now, to be read or changed. */
  readonly keys = (scope: string): readonly string[] => this.#keys.get(scope) ?? []

  /** The keys of the scope that a row may have when it has been written. */
  readonly keysAfter = (scope: string): readonly string[] => this.#keysAfter.get(scope) ?? []

  holds(scope: string): boolean {
    return this.#held.has(scope)
  }

  makes(scope: string): boolean {
    return this.#made.has(scope)
  }

  /** Whether nothing that is held here is missing there. */
  isWithin(other: Rights): boolean {
    return [...this.#held].every((scope) => other.holds(scope))
  }

  isSameAs(other: Rights): boolean {
    return this.isWithin(other) && other.isWithin(this)
  }

  with(made: readonly ScopeKey[]): Rights {
    return made.length === 0 ? this : new Rights([...this.#held] as ScopeKey[], made)
  }
}

function keysByScope(scopes: readonly ScopeKey[]): Map<string, string[]> {
  const keys = new Map<string, string[]>()
  for (const text of scopes) {
    const { scope, key } = decodeScopeKey(text)
    const known = keys.get(scope)
    if (known) known.push(key)
    else keys.set(scope, [key])
  }
  return keys
}

/**
 * Names the scope that gives the right: by what the client itself wants of the row, so that nothing is told of others.
 * `live`: the texts of the row as it is, where the user sees it.
 */
export function forbidden(rights: Rights, batch: Batch, { row, live = [] }: RefusedRow): LandfallError {
  const { table } = batch
  const lacks = (name: string, key: WireValue | undefined): boolean => {
    const scope = encodeScopeKey(name, key ?? '')
    return key !== undefined && !rights.holds(scope) && !rights.makes(scope)
  }
  const lacking = table.write.find(
    (name) => lacks(name, live[keyPlace(table, name)]) || lacks(name, wantedKey(batch, name, row)),
  )
  const scope = lacking ?? table.write[0] ?? ''
  return new LandfallError('forbidden', { table: table.name, key: keyAt(batch, row), scope })
}

export type RefusedRow = { row: number; live?: WireRow }

const keyPlace = ({ columns, scopes }: ManifestTable, name: string): number =>
  columns.findIndex((column) => column.name === scopes.find(({ scope }) => scope === name)?.column)

/** The key of the scope in the row as the client wants it; undefined: it does not say. */
export function wantedKey(batch: KeyedRows, scope: string, row: number): string | null | undefined {
  const { table, keys, columns } = batch
  const name = table.scopes.find((each) => each.scope === scope)?.column ?? ''
  const k = table.key.indexOf(name)
  const values = k >= 0 ? keys[k] : batch.new[columns.findIndex((column) => column.name === name)]
  return values?.[row]
}

type KeyedRows = Pick<Batch, 'table' | 'keys' | 'columns' | 'new'>

export function authorizerOf(context: ServerContext, table: ManifestTable): Authorize | null {
  return Object.hasOwn(context.authorize, table.name) ? (context.authorize[table.name] ?? null) : null
}

/** Throws `forbidden` with the app's reason; an exception is a no, too. */
export async function askAuthorizer(
  authorize: Authorize,
  table: ManifestTable,
  change: AuthorizeChange,
): Promise<void> {
  const row = change.after ?? change.before
  const key = table.key.map((name) => row?.[name] ?? null)
  let answer: boolean | string
  try {
    answer = await authorize(change)
  } catch {
    answer = false
  }
  if (answer === true) return
  const reason = typeof answer === 'string' ? { reason: answer } : {}
  throw new LandfallError('forbidden', { table: table.name, key, ...reason })
}

export function authorizeRow(table: ManifestTable, texts: readonly (string | null)[]): AuthorizeRow {
  return Object.fromEntries(table.columns.map(({ name }, c) => [name, texts[c] ?? null]))
}
