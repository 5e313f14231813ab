/**
 * How each transaction begins: isolation, pinned settings and time limits, as one message to Postgres.
 *
 * `SET LOCAL` rather than startup parameters, because a transaction-pooling proxy refuses the one and gives every
 * transaction another session; it also holds whatever the role's or the database's own settings are.
 */
import { SESSION_SETTINGS, type TransactionOptions } from '../database.ts'

/** How long Postgres lets things take, in milliseconds. */
export type Timeouts = {
  /** One statement; 30,000 unless told. */
  statement: number
  /** One wait for a lock; 10,000 unless told. */
  lock: number
  /** A transaction in which nothing runs; 60,000 unless told. */
  idle: number
}

export const DEFAULT_TIMEOUTS: Timeouts = { statement: 30_000, lock: 10_000, idle: 60_000 }

export function beginStatement(options: TransactionOptions, timeouts: Timeouts): string {
  const access = options.readOnly ? 'READ ONLY' : 'READ WRITE'
  return `BEGIN ISOLATION LEVEL ${options.isolation.toUpperCase()} ${access};\n${settings(options, timeouts)}`
}

/** For a transaction that has begun and has not queried yet. */
export function settingStatements(options: TransactionOptions, timeouts: Timeouts): string {
  const access = options.readOnly ? 'READ ONLY' : 'READ WRITE'
  return `SET TRANSACTION ISOLATION LEVEL ${options.isolation.toUpperCase()} ${access};\n${settings(options, timeouts)}`
}

const READ_SETTINGS = {
  // Reads are planned for their actual scopes and snapshot: a plan made for a small window is ruinous for a large one.
  plan_cache_mode: 'force_custom_plan',
  // Rows that a policy hides would look like deleted ones: off, Postgres says so instead.
  row_security: 'off',
}

function settings(options: TransactionOptions, timeouts: Timeouts): string {
  const all: Record<string, string> = {
    ...SESSION_SETTINGS,
    statement_timeout: `${timeouts.statement}`,
    lock_timeout: `${timeouts.lock}`,
    idle_in_transaction_session_timeout: `${timeouts.idle}`,
  }
  if (options.readOnly) Object.assign(all, READ_SETTINGS)
  return Object.entries(all)
    .map(([name, value]) => `SET LOCAL ${name} = '${value}';`)
    .join('\n')
}
