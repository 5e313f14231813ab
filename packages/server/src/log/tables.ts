/**
 * The DDL of the bookkeeping schema: the change log and what the server remembers of clients.
 *
 * The user's own tables get no columns. Every statement can run again without effect.
 */

import { EVERY_SCOPE } from '@landfall/protocol'
import { quoteIdentifier } from '@landfall/schema/internal'
import type { Bookkeeping } from './bookkeeping.ts'

/** Newest log row first, `seq` orders the rows of one transaction. `op`: see `LOG_OPERATIONS`. */
export function bookkeepingDdl(bookkeeping: Bookkeeping): string[] {
  return [
    `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(bookkeeping.schema)}`,
    ...logDdl(bookkeeping),
    ...clientsDdl(bookkeeping),
    ...historyDdl(bookkeeping),
    ...manifestsDdl(bookkeeping),
  ]
}

function logDdl(bookkeeping: Bookkeeping): string[] {
  const { named, settings, changes, captures } = bookkeeping
  return [
    `
    CREATE TABLE IF NOT EXISTS ${changes} (
      xid     xid8   NOT NULL DEFAULT pg_current_xact_id(),
      seq     bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
      tbl     text   COLLATE "C" NOT NULL,
      key     text[] COLLATE "C" NOT NULL,
      scope   text   COLLATE "C" NOT NULL,
      op      "char" NOT NULL,
      columns text[],            -- the changed ones; null: all
      hlc     bigint NOT NULL,
      client  text               -- null: written by another program
    )`,
    ...logIndexes(bookkeeping),
    // The tables whose triggers are in place, and the digest of their DDL: an unchanged table is not locked again.
    `
    CREATE TABLE IF NOT EXISTS ${captures} (
      tbl        text PRIMARY KEY,
      relation   text NOT NULL,
      digest     text NOT NULL,
      definition text,           -- and of what is captured, whatever the DDL: an older process replaces no newer function
      mended     pg_snapshot     -- of the transaction that last put the triggers in place: what was marked before is over
    )`,
    // Of the synced columns, and of the catalog as that transaction left it (`gaps/fingerprint.ts`); `gap`: what is wrong since.
    `
    ALTER TABLE ${captures}
      ADD COLUMN IF NOT EXISTS mended pg_snapshot,
      ADD COLUMN IF NOT EXISTS definition text,
      ADD COLUMN IF NOT EXISTS columns name[],
      ADD COLUMN IF NOT EXISTS fingerprint text,
      ADD COLUMN IF NOT EXISTS shape json,
      ADD COLUMN IF NOT EXISTS gap text`,
    // The stamp of a change: that of the changeset being pushed, else the time.
    `
    CREATE OR REPLACE FUNCTION ${named('stamp')}() RETURNS bigint LANGUAGE sql VOLATILE AS $$
      SELECT coalesce(
        nullif(current_setting('${settings.hlc}', true), '')::bigint,
        (date_part('epoch', clock_timestamp()) * 1000)::bigint * 65536)
    $$`,
    markFailedDdl(bookkeeping),
  ]
}

/**
 * The log's indexes, in percent of what a log row costs without any, and what each saves a reader of 400,000 changes:
 *
 *     xid, seq          27 %   the head's poll and the proof of history: 0.2 ms, not 89
 *     scope, xid        69 %   a pull of one scope of a thousand: 1 ms, not 100
 *     hash of key, seq  83 %   who wrote a row's column last: 0.1 ms, not 101
 *
 * The key itself cost 190 %, half of everything that capture costs, and a long one did not fit: the host's write failed.
 */
function logIndexes({ named, changes }: Bookkeeping): string[] {
  return [
    `CREATE INDEX IF NOT EXISTS changes_xid_seq ON ${changes} (xid, seq)`,
    `CREATE INDEX IF NOT EXISTS changes_scope_xid ON ${changes} (scope, xid)`,
    `DROP INDEX IF EXISTS ${named('changes_key')}`,
    `CREATE INDEX IF NOT EXISTS changes_key_seq ON ${changes} (hash_array_extended(key, 0), seq)`,
  ]
}

/**
 * Marks that a table's change was not captured, and why: a log row like any other, so that nobody waits for another's,
 * and once a transaction and table. The setting goes with the transaction, and with a savepoint that is undone.
 */
function markFailedDdl({ named, settings, changes }: Bookkeeping): string {
  return `
    CREATE OR REPLACE FUNCTION ${named('mark_failed')}(table_name text, sqlstate text, reason text) RETURNS void
    LANGUAGE plpgsql AS $$
    DECLARE
      marked text := coalesce(current_setting('${settings.failed}', true), '');
      mark   text := '/' || table_name || '/';
    BEGIN
      IF strpos(marked, mark) > 0 THEN
        RETURN;
      END IF;
      PERFORM set_config('${settings.failed}', marked || mark, true);
      INSERT INTO ${changes} (tbl, key, scope, op, columns, hlc)
      VALUES (table_name, '{}', '${EVERY_SCOPE}', '${LOG_OPERATIONS.failed}', ARRAY[sqlstate, left(reason, 1000)],
        ${named('stamp')}());
    END
    $$`
}

function clientsDdl({ clients, rejections, deferrals, conflicts }: Bookkeeping): string[] {
  return [
    `
    CREATE TABLE IF NOT EXISTS ${clients} (
      client      text        PRIMARY KEY,
      user_id     text        NOT NULL,
      last_number bigint      NOT NULL DEFAULT 0,
      seen_at     timestamptz NOT NULL DEFAULT now()
    )`,
    `
    CREATE TABLE IF NOT EXISTS ${rejections} (
      client text        NOT NULL,
      number bigint      NOT NULL,
      error  jsonb       NOT NULL,   -- ErrorData
      at     timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (client, number)
    )`,
    `ALTER TABLE ${clients} ADD COLUMN IF NOT EXISTS moved bigint NOT NULL DEFAULT 0`,
    // How many changesets are tried together, after Postgres ran out of time; null: any number.
    `ALTER TABLE ${clients} ADD COLUMN IF NOT EXISTS together int`,
    `
    CREATE TABLE IF NOT EXISTS ${deferrals} (
      client  text        NOT NULL,
      number  bigint      NOT NULL,
      error   json        NOT NULL,   -- ErrorData
      tries   int         NOT NULL,
      touched json,                   -- TouchedRow[]; null: too many to be kept
      at      timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (client, number)
    )`,
    // One row per value that lost or waits for a decision; `ConflictRecord` says what the columns mean.
    `
    CREATE TABLE IF NOT EXISTS ${conflicts} (
      id      text        PRIMARY KEY,
      xid     xid8        NOT NULL DEFAULT pg_current_xact_id(),
      scopes  text[]      NOT NULL,
      tbl     text        NOT NULL,
      key     text[]      NOT NULL,
      col     text,
      policy  text        NOT NULL,
      kept    text        NOT NULL,
      reason  text,
      base    text,
      mine    text,
      theirs  text,
      client  text        NOT NULL,
      number  bigint      NOT NULL,
      user_id text        NOT NULL,
      hlc     bigint      NOT NULL,
      at      timestamptz NOT NULL DEFAULT now()
    )`,
    `ALTER TABLE ${conflicts} ADD COLUMN IF NOT EXISTS reason text`,
    `CREATE INDEX IF NOT EXISTS conflicts_xid ON ${conflicts} (xid)`,
    `CREATE INDEX IF NOT EXISTS conflicts_scopes ON ${conflicts} USING gin (scopes)`,
  ]
}

function historyDdl({ named, history }: Bookkeeping): string[] {
  return [
    `
    CREATE TABLE IF NOT EXISTS ${history} (
      seq               bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
      id                text        NOT NULL UNIQUE,
      begins            boolean     NOT NULL,   -- the first row of a start, timeline or system
      started_at        timestamptz NOT NULL,
      system_identifier text        NOT NULL,
      timeline          text        NOT NULL,
      snapshot          pg_snapshot NOT NULL DEFAULT pg_current_snapshot(),
      floor             xid8        NOT NULL,   -- no xid below it runs again after this start
      at                timestamptz NOT NULL DEFAULT clock_timestamp()
    )`,
    // What identifies the run of Postgres. A managed server may keep some of it to itself.
    `
    CREATE OR REPLACE FUNCTION ${named('running')}(
      OUT started_at timestamptz, OUT system_identifier text, OUT timeline text
    ) LANGUAGE plpgsql STABLE AS $$
    BEGIN
      started_at := pg_postmaster_start_time();
      BEGIN
        system_identifier := (SELECT c.system_identifier FROM pg_control_system() c);
        timeline := left(pg_walfile_name(pg_current_wal_lsn()), 8);
      EXCEPTION WHEN OTHERS THEN
        NULL;
      END;
      system_identifier := coalesce(system_identifier, '');
      timeline := coalesce(timeline, '');
    END
    $$`,
    // The next xid as the last checkpoint had it; every start of Postgres makes one.
    `
    CREATE OR REPLACE FUNCTION ${named('xid_floor')}() RETURNS xid8 LANGUAGE plpgsql VOLATILE AS $$
    DECLARE
      next_xid text[];
    BEGIN
      SELECT string_to_array(c.next_xid, ':') INTO next_xid FROM pg_control_checkpoint() c;
      RETURN (next_xid[1]::numeric * 4294967296 + next_xid[2]::numeric)::text::xid8;
    EXCEPTION WHEN OTHERS THEN
      RETURN pg_snapshot_xmax(pg_current_snapshot());
    END
    $$`,
  ]
}

/** The versions of the app that this schema has served; `migrate/manifests.ts` says which of them count. */
function manifestsDdl({ manifests }: Bookkeeping): string[] {
  return [
    `
    CREATE TABLE IF NOT EXISTS ${manifests} (
      hash         text        PRIMARY KEY,
      name         text        NOT NULL,          -- the app's, the same in every row
      manifest     json        NOT NULL,
      place        bigint      NOT NULL UNIQUE,   -- the highest is the newest
      first_served timestamptz NOT NULL DEFAULT now(),
      last_served  timestamptz NOT NULL DEFAULT now()
    )`,
  ]
}

/** What `changes.op` says about the row and the scope it stands for. */
export const LOG_OPERATIONS = {
  /** The row is new in the scope: inserted, or moved into it. */
  inserted: 'i',
  updated: 'u',
  deleted: 'd',
  /** The row lives on, in other scopes. */
  left: 'x',
  /** The whole table was emptied; scope `*`. */
  truncated: 't',
  /** A change of the table was not captured; scope `*`, no key, and in `columns` the SQLSTATE and what Postgres said. */
  failed: 'f',
  /** Somebody has seen that the table may not be captured; scope `*`, no key. */
  gap: 'g',
  /** From this transaction on the table is captured again; scope `*`, no key. */
  mended: 'm',
} as const

/** As SQL lists: the operations that ask devices to verify the table, and those that stand for no change of a row. */
export const MARKS = `('${LOG_OPERATIONS.gap}', '${LOG_OPERATIONS.mended}')`
export const NO_CHANGES = `('${LOG_OPERATIONS.failed}', '${LOG_OPERATIONS.gap}', '${LOG_OPERATIONS.mended}')`
