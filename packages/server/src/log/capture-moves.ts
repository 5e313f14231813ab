/**
 * Row triggers of a table that others hang on: their rows go where its row goes (P4.13).
 *
 * Before a row moves to another scope it is locked FOR UPDATE, so that nobody is about to write a child (`hold-parents.ts`);
 * before it is deleted its children leave, since afterwards nobody can tell where they were; and when it comes, children that
 * came first (constraints off, or none) arrive. All rows below are found by one INSERT per table and scope, from the
 * parent down, by the children's indexes. What fails there is marked for the child, and the host goes on.
 *
 * A transaction that does not read anew at each statement cannot see children that others have added since it began: it
 * has their table sent whole.
 */
import { EVERY_SCOPE, type ManifestTable } from '@landfall/protocol'
import { quotePostgresLiteral as quote, quoteTable } from '@landfall/schema/internal'
import { nameOf, namedRow, type RowOf, shortScopeText } from '../sql/scope-sql.ts'
import { type CapturedTable, type Hanging, OWN, readAuthor } from './capture-function.ts'
import type { ParentEvent } from './capture-names.ts'
import { keyTexts } from './row-of.ts'
import { LOG_OPERATIONS } from './tables.ts'

const { inserted, left, truncated } = LOG_OPERATIONS
const [OLD, NEW] = [namedRow('OLD'), namedRow('NEW')]

/** The paths of the tables that go through this one. */
export function hangingOn(
  tables: readonly ManifestTable[],
  parent: Pick<ManifestTable, 'schema' | 'name'>,
): Hanging[] {
  return tables.flatMap((table) =>
    table.scopes.flatMap(({ scope, through }) =>
      (through?.hops ?? []).flatMap((hop, place) =>
        through !== undefined && hop.table === parent.name && hop.schema === parent.schema
          ? [{ table, scope, through, place }]
          : [],
      ),
    ),
  )
}

export const PARENT_TIMES: Record<ParentEvent, string> = {
  hold: 'BEFORE UPDATE',
  came: 'AFTER INSERT',
  moved: 'AFTER UPDATE',
  going: 'BEFORE DELETE',
}

export function parentBodies(captured: CapturedTable): Record<ParentEvent, string> {
  const { hanging } = captured
  const all = (log: (each: Hanging) => string): string => hanging.map(log).join('')
  return {
    hold: holdBody(captured),
    came: `${readAuthor(captured)}${all((each) => logBelow(captured, each, [ARRIVING]))}`,
    moved: `${readMoved(captured)}
  IF NOT ${OWN.many} THEN
    RETURN NULL;
  END IF;${readAuthor(captured)}${all((each) => logBelow(captured, each, [{ from: NEW, in: OLD, operation: left }, ARRIVING]))}`,
    going: `${readAuthor(captured)}${all((each) => logBelow(captured, each, [LEAVING]))}
  RETURN OLD;`,
  }
}

/** The columns of the parent that say where those below it are. */
function tellingColumns({ hanging }: CapturedTable): string[] {
  const columns = hanging.flatMap(({ through, place }) => [
    ...(through.hops[place]?.key ?? []),
    ...(through.hops[place + 1]?.columns ?? [through.column]),
  ])
  return [...new Set(columns)]
}

const differs = (column: string): string => `${OLD(column)} IS DISTINCT FROM ${NEW(column)}`

/** A failed reading is marked by the table's own capture of the same row, too. */
function readMoved(captured: CapturedTable, more = ''): string {
  const { bookkeeping, table } = captured
  const moved = tellingColumns(captured).map(differs).join(' OR ')
  return `
  BEGIN
    ${OWN.many} := (${moved})${more};
  EXCEPTION WHEN OTHERS THEN
    PERFORM ${bookkeeping.named('mark_failed')}(${quote(table.name)}, SQLSTATE, SQLERRM);
    ${OWN.many} := false;
  END;`
}

function holdBody(captured: CapturedTable): string {
  const { table } = captured
  const at = 'landfall_held'
  const same = table.key.map((column) => `${namedRow(at)(column)} = ${OLD(column)}`).join(' AND ')
  const row = `SELECT FROM ${quoteTable(table)} AS ${at} WHERE ${same}`
  // Once the children have followed a new key, by a cascade, nobody can tell where they were under the old one.
  const leaving = captured.hanging.map((each) => logBelow(captured, each, [LEAVING]))
  return `${readMoved(captured, ` AND EXISTS (${row})`)}
  IF ${OWN.many} THEN
    PERFORM count(*) FROM (${row} FOR UPDATE) AS ${at};
  END IF;
  IF ${OWN.many} AND (${table.key.map(differs).join(' OR ')}) THEN${readAuthor(captured)}${leaving.join('')}
  END IF;
  RETURN NEW;`
}

/** Of the rows that hang on the row `from` by its key: what happens in the scope that the row `in` is in. */
type Below = { from: RowOf; in: RowOf; operation: string }
const LEAVING: Below = { from: OLD, in: OLD, operation: left }
const ARRIVING: Below = { from: NEW, in: NEW, operation: inserted }

function logBelow(captured: CapturedTable, hanging: Hanging, places: readonly Below[]): string {
  const { bookkeeping } = captured
  const { table } = hanging
  const logged = places.map(
    (below) => `
    INSERT INTO ${bookkeeping.changes} (tbl, key, scope, op, hlc, client)
    SELECT ${quote(table.name)}, ${keyTexts(table, namedRow('landfall_below_0'))}, landfall_place.scope, '${below.operation}', ${OWN.stamp}, ${OWN.author}
    FROM (SELECT ${scopeFrom(captured.table, hanging, below.in)}) AS landfall_place(scope)
    CROSS JOIN ${belowSql(hanging, below.from)}
    WHERE landfall_place.scope IS NOT NULL;`,
  )
  return `
  BEGIN
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') AND TG_OP = 'UPDATE' THEN
      INSERT INTO ${bookkeeping.changes} (tbl, key, scope, op, hlc, client)
      VALUES (${quote(table.name)}, '{}', '${EVERY_SCOPE}', '${truncated}', ${OWN.stamp}, ${OWN.author});
    END IF;${logged.join('')}
  EXCEPTION WHEN OTHERS THEN
    PERFORM ${bookkeeping.named('mark_failed')}(${quote(table.name)}, SQLSTATE, SQLERRM);
  END;`
}

/** The scope of the parent's row, by what of the path lies above it. */
function scopeFrom(parent: ManifestTable, { scope, through, place }: Hanging, row: RowOf): string {
  const [next, ...rest] = through.hops.slice(place + 1)
  if (next !== undefined)
    return shortScopeText(parent, { scope, through: { ...through, hops: [next, ...rest] } }, row)
  const column = { name: through.column, type: through.type }
  return shortScopeText(
    { ...parent, columns: [{ ...column, ...NOTHING }] },
    { scope, column: through.column },
    row,
  )
}

const NOTHING = {
  nullable: true,
  hasDefault: false,
  localDefault: null,
  readonly: true,
  policy: 'last-write',
} as const

/** The rows below, as `landfall_below_0`: from the parent down, each step by the index of the child's columns. */
function belowSql({ table, through, place }: Hanging, row: RowOf): string {
  const alias = (step: number): string => `landfall_below_${step}`
  const steps = through.hops.slice(0, place + 1).map((hop, step) => {
    const of = step === 0 ? table : nameOf(through.hops[step - 1] ?? hop)
    const above = step === place ? row : namedRow(alias(step + 1))
    const same = hop.columns.map(
      (column, k) => `${namedRow(alias(step))(column)} = ${above(hop.key[k] ?? '')}`,
    )
    return `LATERAL (SELECT * FROM ${quoteTable(of)} AS ${alias(step)} WHERE ${same.join(' AND ')} OFFSET 0) AS ${alias(step)}`
  })
  return steps.reverse().join('\n    CROSS JOIN ')
}
