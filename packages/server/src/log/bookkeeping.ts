/**
 * What the bookkeeping of one app is called in Postgres: its schema and everything that carries the schema's name (P17.1).
 *
 * Two apps may share a database, and even a table, each with a bookkeeping schema of its own: triggers, settings, locks
 * and the NOTIFY channel are named by it, so neither takes the other's for its own. The name is held to lower case,
 * digits and underscores, because the name of a setting takes no more. Knows no table of the app.
 */
import { LandfallError } from '@landfall/protocol'
import { quoteIdentifier } from '@landfall/schema/internal'

export const DEFAULT_SCHEMA = 'landfall'

/** The longest that leaves room for a trigger's name in the 63 bytes that Postgres gives a name. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,39}$/

export type Bookkeeping = {
  schema: string
  /** `"landfall"."name"`: a table or function of the schema. */
  named(name: string): string
  /** The change log. */
  changes: string
  clients: string
  rejections: string
  deferrals: string
  conflicts: string
  history: string
  captures: string
  manifests: string
  /** Settings of a transaction: whose change the triggers log, and which tables have been marked. */
  settings: { hlc: string; client: string; failed: string }
  /** The texts that advisory locks hash. */
  locks: { migration: string; history: string; scopes: string }
  channel: string
}

/** Throws `schema_invalid` for a name that cannot be a schema's here. */
export function bookkeepingIn(schema: string = DEFAULT_SCHEMA): Bookkeeping {
  if (!SCHEMA.test(schema) || schema.startsWith('pg_')) {
    const cure = 'Use at most 40 of a-z, 0-9 and _, no digit first, not pg_.'
    throw new LandfallError('schema_invalid', {
      problems: [{ schema, problem: 'No name for a bookkeeping schema.', cure }],
    })
  }
  const named = (name: string) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
  return {
    schema,
    named,
    changes: named('changes'),
    clients: named('clients'),
    rejections: named('rejections'),
    deferrals: named('deferrals'),
    conflicts: named('conflicts'),
    history: named('history'),
    captures: named('captures'),
    manifests: named('manifests'),
    settings: {
      hlc: `landfall.${schema}_hlc`,
      client: `landfall.${schema}_client`,
      failed: `landfall.${schema}_failed`,
    },
    locks: {
      migration: `landfall ${schema} migration`,
      history: `landfall ${schema} history`,
      scopes: `landfall ${schema} scopes`,
    },
    channel: `landfall_${schema}`,
  }
}

/** Waits for the transaction's turn; the lock goes with the transaction. */
export const ADVISORY_LOCK = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))'
