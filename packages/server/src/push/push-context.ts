/** What all steps of one push work with: the transaction, whose it is, and what the user may do. */
import type { ClientId, Hlc, Standing, UserId } from '@landfall/protocol'
import type { ServerContext } from '../context.ts'
import type { Tx } from '../database/database.ts'
import type { HealthProblem } from '../health/faults.ts'
import { type PreparedHolders, readHeldScopes } from '../scopes/holders.ts'
import type { Effort } from './conflict/merge-text.ts'
import type { ForeignKey } from './order/foreign-keys.ts'
import type { Deferrals } from './deferrals.ts'
import type { Patience } from './patience.ts'
import { Rights } from './check/rights.ts'

export type PushContext = {
  context: ServerContext
  tx: Tx
  client: ClientId
  user: UserId
  holders: PreparedHolders
  /** Between the synced tables; read again when a constraint speaks against a changeset. */
  foreignKeys: readonly ForeignKey[]
  /** As of the changesets applied so far, with the keys that the one at work brings into being; see `readRights`. */
  rights: Rights
  /** The last values that stood where changesets of this push were rejected. */
  standing: Standing
  /** Changesets that were put off, before and in this push. */
  deferrals: Deferrals
  patience: Patience
  /** The push may start over when it collides with another; else what collides is put off. */
  mayStartOver: boolean
  /** The oldest stamp that the change log covers; null until it is needed. */
  horizon: Hlc | null
  /** What the catalog says is wrong with the server, once it was asked in this push. */
  faults: readonly HealthProblem[] | null
  /** Tables on which the host has triggers; null until it is needed. */
  hostTriggers: ReadonlySet<string> | null
  /** What is left for merging texts. */
  effort: Effort
}

/** The user's rights as the transaction sees them now, with what its own changesets have done. */
export async function readRights(work: Omit<PushContext, 'rights'>): Promise<Rights> {
  return new Rights(await readHeldScopes(work.tx, work.holders, work.context.limits.scopes))
}
