/**
 * A scope key names one slice of rows: scope name and key in one text, such as `project:7` or `public:`.
 *
 * Scope names are identifiers and never hold a colon, so the first colon divides the two, whatever text
 * the key holds. Does not know who holds a scope: that is the server's `holders`.
 */
import type { ScopeKey } from './brands.ts'
import { LandfallError } from './errors.ts'

/** A longer key is nobody's: the index of the change log takes about 2,700 bytes, and a host's write must fit whatever it says. */
export const MAX_SCOPE_KEY_BYTES = 1_000

export function encodeScopeKey(scope: string, key: string): ScopeKey {
  return `${scope}:${key}` as ScopeKey
}

/** Throws `bad_request` when the text is no scope key: it may come from a client. */
export function decodeScopeKey(text: ScopeKey): { scope: string; key: string } {
  const colon = text.indexOf(':')
  if (colon < 1) throw new LandfallError('bad_request', { what: 'scope', text: text.slice(0, 100) })
  return { scope: text.slice(0, colon), key: text.slice(colon + 1) }
}

/** Log rows of a TRUNCATE concern every scope at once; they carry this key, which no scope can have. */
export const EVERY_SCOPE = '*' as ScopeKey
