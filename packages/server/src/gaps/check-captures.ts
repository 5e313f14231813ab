/**
 * Whether the tables are captured still: the catalog against what it was when the triggers were put in place (P17.8).
 *
 * One query compares fingerprints. Where one differs, or a trigger has said that it could not capture, the table's row
 * in `captures` is turned by an UPDATE that only one process wins, and the winner marks the table in the log: a gap where
 * something is wrong, a mend where all is as it was (somebody switched triggers off and on, VACUUM FULL rewrote it). An
 * UPDATE that expects what was read cannot undo what migrateSync has mended meanwhile.
 */
import type { SyncDefinition } from '@landfall/schema'
import type { ServerContext } from '../context.ts'
import type { TextRow, TransactionOptions, Tx } from '../database/database.ts'
import type { Bookkeeping } from '../log/bookkeeping.ts'
import { LOG_OPERATIONS } from '../log/tables.ts'
import { failures, fingerprints, PLAIN_PATH, shapes } from './fingerprint.ts'
import { mark } from './marks.ts'
import { problemOf, type Shape } from './problem.ts'

/** A table whose changes are not, or not all, in the log, and what is wrong. */
export type UncapturedTable = {
  /** Its Postgres name. */
  table: string
  /** What has changed since migrateSync, in words, for an operator. */
  problem: string
}

const READ: TransactionOptions = { isolation: 'read committed', readOnly: true }
const WRITE: TransactionOptions = { isolation: 'read committed', readOnly: false }

/** What the check needs: the tables that are to be captured are the manifest's. */
export type CheckedContext = Pick<ServerContext, 'database' | 'bookkeeping'> & {
  sync: Pick<SyncDefinition, 'manifest'>
}

/** Marks what has changed, and answers what is not captured now. */
export async function checkCaptures(context: CheckedContext): Promise<UncapturedTable[]> {
  const { database } = context
  const found = await database.transaction(READ, (tx) => readFindings(tx, context))
  if (!found.due) return found.uncaptured
  return database.transaction(WRITE, async (tx) => {
    await judgeDue(tx, context)
    return (await readFindings(tx, context)).uncaptured
  })
}

type Findings = {
  /** The catalog is not what `captures` says. */
  due: boolean
  uncaptured: UncapturedTable[]
}

async function readFindings(tx: Tx, { bookkeeping, sync }: CheckedContext): Promise<Findings> {
  const { captures } = bookkeeping
  const rows = await tx.query(
    `
    WITH RECURSIVE ${fingerprints(bookkeeping)}, ${failures(bookkeeping)}
    SELECT asked.tbl, (c.tbl IS NOT NULL AND (${IS_DUE}))::text AS due,
      CASE WHEN c.tbl IS NULL THEN 'migrateSync has not captured it' ELSE c.gap END AS gap
    FROM (SELECT unnest($1::text[]) UNION SELECT tbl FROM ${captures}) AS asked(tbl)
    LEFT JOIN ${captures} c USING (tbl)
    LEFT JOIN fingerprints f USING (tbl)
    LEFT JOIN failures USING (tbl)
    ORDER BY asked.tbl`,
    [sync.manifest.tables.map(({ name }) => name)],
  )
  return {
    due: rows.some(({ due }) => due === 'true'),
    uncaptured: rows.flatMap(({ tbl, gap }) =>
      typeof tbl === 'string' && typeof gap === 'string' ? [{ table: tbl, problem: gap }] : [],
    ),
  }
}

const IS_DUE = `c.fingerprint IS DISTINCT FROM f.fingerprint OR (c.gap IS NULL AND failures.tbl IS NOT NULL)`

async function judgeDue(tx: Tx, { bookkeeping }: CheckedContext): Promise<void> {
  await tx.query(PLAIN_PATH)
  const due = await tx.query(`
    WITH RECURSIVE ${fingerprints(bookkeeping)}, ${shapes(bookkeeping)}, ${failures(bookkeeping)}
    SELECT c.tbl, c.gap, c.fingerprint AS was, f.fingerprint AS is, failures.problem AS failure,
      c.shape::text AS shape_was, coalesce(s.shape, '{}')::text AS shape_is
    FROM ${bookkeeping.captures} c
    JOIN fingerprints f USING (tbl)
    LEFT JOIN shapes s USING (tbl)
    LEFT JOIN failures USING (tbl)
    WHERE ${IS_DUE}
    ORDER BY c.tbl`)
  for (const row of due) await judge(tx, bookkeeping, row)
}

async function judge(tx: Tx, bookkeeping: Bookkeeping, row: TextRow): Promise<void> {
  const { tbl: table = '', gap = null, was = null, is = null } = row
  const problem = problemOf(shapeIn(row['shape_was']), shapeIn(row['shape_is'])) ?? row['failure'] ?? null
  const won = await tx.query(
    `
    UPDATE ${bookkeeping.captures} SET fingerprint = $2, gap = $3
    WHERE tbl = $1 AND fingerprint IS NOT DISTINCT FROM $4 AND gap IS NOT DISTINCT FROM $5
    RETURNING tbl`,
    [table, is, problem, was, gap],
  )
  if (won.length === 0 || table === null) return
  if (problem === null) await mark(tx, bookkeeping, { table, operation: LOG_OPERATIONS.mended })
  else if (gap === null) await mark(tx, bookkeeping, { table, operation: LOG_OPERATIONS.gap })
}

const shapeIn = (text: string | null | undefined): Shape => JSON.parse(text ?? '{}') as Shape
