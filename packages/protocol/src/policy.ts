/**
 * Conflict policies and the three-way merge of one column, as pure decisions.
 *
 * `decideColumn` is the whole table: what Postgres holds (`current`) against what the client saw (`old`) and wants
 * (`new`). Equality is decided by Postgres, typed, and comes in as flags: '1.50' equals '1.5' as numeric, and this
 * module does not know types. It decides columns only: a delete against an update is the server's push to decide.
 */
import type { Hlc } from './brands.ts'

/**
 * What decides a conflict of one column:
 *
 * - `last-write`: the edit made later, by the devices' clocks; the default
 * - `first-write`: the edit that Postgres has already
 * - `review`: what Postgres has stays, and the other value waits for a person
 * - `counter`: both changes are added up; for numbers
 * - `max`, `min`: the larger or the smaller value
 * - `set`: what each side added is added, what each removed is removed; for arrays
 * - `text`: lines that only one side changed are merged; else as `review`
 */
export type PolicyName = 'last-write' | 'first-write' | 'review' | 'counter' | 'max' | 'min' | 'set' | 'text'
/** `custom` stands for a TypeScript function, which only the server has. */
export type Policy = PolicyName | 'custom'

/** Facts about one changed column of one row, as the server finds them under the row's lock. */
export type ColumnFacts = {
  /** Postgres holds what the client saw. */
  currentIsOld: boolean
  /** Postgres already holds what the client wants. */
  currentIsNew: boolean
  /** The current value was written by this same client: it has seen it, whatever a trigger made of it. */
  currentIsMine: boolean
  /** When Postgres got its current value; null when that is older than the change log reaches. */
  currentHlc: Hlc | null
  /** When the client made its edit, clamped to server time. */
  newHlc: Hlc
  /** The oldest stamp the change log still covers. */
  horizonHlc: Hlc
}

/**
 * - `write`: no conflict, write the client's value
 * - `nothing`: no conflict, nothing to write
 * - `mine` / `theirs`: a conflict that the client / the server wins; the other value is kept as its loser
 * - `merge`: a conflict that both win; the server computes the value by the policy
 */
export type Decision = 'write' | 'nothing' | 'mine' | 'theirs' | 'merge'

export function decideColumn(policy: Policy, facts: ColumnFacts): Decision {
  if (facts.currentIsNew && policy !== 'counter') return 'nothing'
  if (facts.currentIsOld) return 'write'
  switch (policy) {
    case 'last-write':
      if (facts.currentIsMine) return 'write'
      return facts.newHlc > (facts.currentHlc ?? facts.horizonHlc) ? 'mine' : 'theirs'
    case 'first-write':
    case 'review':
      return facts.currentIsMine ? 'write' : 'theirs'
    default:
      // Also over a value of its own: that may be a merge which the client has not pulled yet.
      return 'merge'
  }
}
