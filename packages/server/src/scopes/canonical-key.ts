/**
 * The one spelling of a scope's key: what its column's type makes of it, as Postgres prints it.
 *
 * Keys are compared as texts everywhere (in the log, in pulls, on the device), so what a holder calls `007` or writes in
 * capitals is brought to the column's spelling once. The codecs know it; they refuse what a cast would cut or round,
 * which would be somebody else's key.
 */
import {
  type ColumnKind,
  encodeScopeKey,
  LandfallError,
  type Manifest,
  type ManifestColumn,
  type ScopeKey,
} from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import { codecFor } from '@landfall/schema/internal'

/** null: the text is no key of the scope. */
export type KeySpelling = (scope: string, text: string) => ScopeKey | null

const INTEGERS: ReadonlySet<string> = new Set(['int2', 'int4', 'int8'])
const INTEGER = /^[+-]?\d{1,30}$/
const TRUE = /^t(rue)?$/i
const FALSE = /^f(alse)?$/i
const BYTES = /^\\x(?:[0-9a-f]{2})*$/i

export function createKeySpelling(manifest: Manifest): KeySpelling {
  const spellings = new Map<string, (text: string) => string | null>()
  for (const [scope, column] of keyColumnsOfScopes(manifest)) spellings.set(scope, spelling(column))
  return (scope, text) => {
    const key = spellings.get(scope)?.(text) ?? null
    return key === null ? null : encodeScopeKey(scope, key)
  }
}

/** One column stands for all of a scope: defineSync refuses columns of different types. */
function keyColumnsOfScopes({ tables }: Manifest): Map<string, ManifestColumn> {
  const columns = new Map<string, ManifestColumn>()
  for (const table of tables) {
    for (const { scope, column } of table.scopes) {
      const found = table.columns.find(({ name }) => name === column)
      if (found !== undefined && !columns.has(scope)) columns.set(scope, found)
    }
  }
  return columns
}

function spelling({ type }: ManifestColumn): (text: string) => string | null {
  // Two columns of a scope may be limited to different lengths; a key that is too long for one names no row there.
  const codec = codecFor(type.kind === 'varchar' ? { ...type, kind: 'text' } : type)
  return (text) => {
    try {
      const stored = storedFrom(type.kind, text)
      return stored === null ? null : codec.toWire(stored)
    } catch (error) {
      if (error instanceof LandfallError && error.code === 'value_invalid') return null
      throw error
    }
  }
}

/** What the codec takes for the text; null: it is none of the kind. */
function storedFrom(kind: ColumnKind, text: string): SqliteValue {
  if (INTEGERS.has(kind)) return INTEGER.test(text) ? BigInt(text.replace('+', '')) : null
  if (kind === 'bool') return TRUE.test(text) ? 1 : FALSE.test(text) ? 0 : null
  if (kind === 'bytea') return BYTES.test(text) ? Buffer.from(text.slice(2), 'hex') : null
  return text
}
