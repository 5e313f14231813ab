/**
 * What the catalog says of a captured table, as SQL: a fingerprint that tells whether anything has changed, and a shape
 * that tells what (P17.8).
 *
 * The fingerprint is made of oids, modes and the xmin of catalog rows: whoever drops, disables, swaps or rewrites
 * something leaves another one, even if all looks as before. It costs 4 ms for 100 tables and is what is compared every few seconds.
 * The shape has the same things in words, without what changes at every rewrite; it is read for tables whose
 * fingerprint differs. A function's xmin is part of both: no lock shows when the last transaction that ran the former
 * body has ended, so only migrateSync, which takes the table's lock, makes a replaced function good.
 */
import { EVERY_SCOPE } from '@landfall/protocol'
import { quotePostgresLiteral as quote } from '@landfall/schema/internal'
import type { Bookkeeping } from '../log/bookkeeping.ts'
import { LOG_OPERATIONS } from '../log/tables.ts'

/** The captured tables of `where`, and all that inherits from them. `link`: the row that says so. */
function relations({ captures }: Bookkeeping, where: string): string {
  return `
    relations (tbl, oid, link) AS (
      SELECT c.tbl, to_regclass(c.relation)::oid, ''
      FROM ${captures} c
      WHERE ${where}
      UNION ALL
      SELECT r.tbl, h.inhrelid, concat(h.inhparent, ' ', h.xmin)
      FROM relations r
      JOIN pg_catalog.pg_inherits h ON h.inhparent = r.oid
    )`
}

/** Its triggers that call a function of the bookkeeping schema. */
const ownTriggers = ({ schema }: Bookkeeping): string => `
      relations r
      JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid
      JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid AND p.pronamespace = to_regnamespace(${quote(schema)})`

/** Its synced columns, as they were when the triggers were put in place. */
const syncedColumns = ({ captures }: Bookkeeping): string => `
      ${captures} c
      JOIN pg_catalog.pg_attribute a
        ON a.attrelid = to_regclass(c.relation) AND a.attname = ANY (c.columns) AND NOT a.attisdropped
      JOIN pg_catalog.pg_type y ON y.oid = a.atttypid`

/** Of an enum, an array of one or a domain over one. */
const LABELS = `
  CASE WHEN y.typtype IN ('e', 'd') OR y.typcategory = 'A' THEN
    (SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder)
     FROM pg_catalog.pg_enum e WHERE e.enumtypid IN (y.oid, y.typelem, y.typbasetype)) END`

const PARENTS = `
  (SELECT string_agg(concat(h.inhparent, ' ', h.xmin), ',' ORDER BY h.inhparent)
   FROM pg_catalog.pg_inherits h WHERE h.inhrelid = r.oid AND r.link = '')`

const SUBSCRIPTIONS = `
  (SELECT count(*) FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = r.oid)`

/** `tbl` and `fingerprint` of the captured tables for which `where` (of the row `c`) holds, as CTEs to stand after WITH RECURSIVE. */
export function fingerprints(bookkeeping: Bookkeeping, where = 'true'): string {
  return `${relations(bookkeeping, where)},
    rewrites AS (
      SELECT r.tbl,
        string_agg(
          concat_ws(' ', r.oid, r.link, k.relfilenode, ${PARENTS}, ${SUBSCRIPTIONS},
            -- A crash empties it.
            CASE WHEN k.relpersistence = 'u' THEN pg_postmaster_start_time() END),
          ',' ORDER BY r.oid) AS text
      FROM relations r
      LEFT JOIN pg_catalog.pg_class k ON k.oid = r.oid
      GROUP BY r.tbl
    ),
    triggers AS (
      SELECT r.tbl,
        string_agg(concat_ws(' ', t.oid, t.tgenabled, t.xmin, t.tgfoid, p.xmin), ',' ORDER BY t.oid) AS text
      FROM ${ownTriggers(bookkeeping)}
      GROUP BY r.tbl
    ),
    columns AS (
      SELECT c.tbl,
        string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, ${LABELS}), ','
          ORDER BY a.attnum) AS text
      FROM ${syncedColumns(bookkeeping)}
      WHERE ${where}
      GROUP BY c.tbl
    ),
    fingerprints AS (
      SELECT rewrites.tbl, md5(concat_ws('/', rewrites.text, triggers.text, columns.text)) AS fingerprint
      FROM rewrites
      LEFT JOIN triggers USING (tbl)
      LEFT JOIN columns USING (tbl)
    )`
}

/** Follows `fingerprints` of the same tables: `tbl` and `shape`, a JSON object of texts by what they describe. */
export function shapes(bookkeeping: Bookkeeping, where = 'true'): string {
  return `
    relation_names AS (
      SELECT r.*, format('%I.%I', n.nspname, k.relname) AS name, k.relkind
      FROM relations r
      JOIN pg_catalog.pg_class k ON k.oid = r.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = k.relnamespace
    ),
    own_triggers AS (
      SELECT r.tbl, format('trigger %I on %I.%I', t.tgname, n.nspname, k.relname) AS name, t.oid, t.tgenabled,
        p.proname, p.xmin AS made, md5(p.prosrc) AS body
      FROM ${ownTriggers(bookkeeping)}
      JOIN pg_catalog.pg_class k ON k.oid = r.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = k.relnamespace
    ),
    lines (tbl, name, value) AS (
      SELECT r.tbl, 'the table', concat_ws(' ', r.relkind, ${PARENTS}, ${SUBSCRIPTIONS})
      FROM relation_names r WHERE r.link = ''
      UNION ALL
      SELECT tbl, 'partition ' || name, split_part(link, ' ', 1) FROM relation_names WHERE link <> ''
      UNION ALL
      SELECT tbl, name, CASE tgenabled WHEN 'A' THEN 'firing always' WHEN 'D' THEN 'disabled' ELSE 'firing at times' END
      FROM own_triggers
      UNION ALL
      SELECT tbl, 'the definition of ' || name, pg_get_triggerdef(oid) FROM own_triggers
      UNION ALL
      SELECT tbl, format('the function %I', proname), concat('of transaction ', min(made::text), ' ', min(body))
      FROM own_triggers GROUP BY tbl, proname
      UNION ALL
      SELECT c.tbl, format('the column %I', a.attname),
        concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation, ${LABELS})
      FROM ${syncedColumns(bookkeeping)}
      WHERE ${where}
    ),
    shapes AS (
      SELECT tbl, json_object_agg(name, value ORDER BY name) AS shape FROM lines GROUP BY tbl
    )`
}

/** Names are printed with their schemas, whatever the session's path is. Set before a shape is read. */
export const PLAIN_PATH = `SELECT set_config('search_path', 'pg_catalog', true)`

/** What triggers have said since they were put in place: `tbl` and `problem`. Postgres' own words may quote a value. */
export function failures({ captures, changes }: Bookkeeping): string {
  return `
    failures AS (
      SELECT c.tbl, concat('a change was not captured (', max(l.columns[1]), ')') AS problem
      FROM ${changes} l
      JOIN ${captures} c ON c.tbl = l.tbl
      WHERE l.scope = '${EVERY_SCOPE}' AND l.op = '${LOG_OPERATIONS.failed}'
        AND (c.mended IS NULL OR NOT pg_visible_in_snapshot(l.xid, c.mended))
      GROUP BY c.tbl
    )`
}
