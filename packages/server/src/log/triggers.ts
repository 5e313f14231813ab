/**
 * The capture triggers of one table, as SQL text (P6.2, P17.2).
 *
 * A log row per changed row and scope. Changes are captured per statement from transition tables, which is cheapest; on
 * partitioned tables, partitions and children per row, since a write straight to a partition fires no statement trigger
 * of the parent, nor one through the parent any of the partition; and so on tables fed by logical replication, whose
 * workers fire row triggers only. A key change is a deletion and an insertion. The triggers name no column: the host may
 * rename, drop and alter every one. They fire always, also for `session_replication_role = replica`. Rows in no scope
 * leave no trace.
 */
import { quoteTable } from '@landfall/schema/internal'
import { captureFunction, type CapturedTable } from './capture-function.ts'
import {
  CAPTURED_OPERATIONS,
  type CapturedOperation,
  captureFunctionName,
  PARENT_EVENTS,
  triggerName,
  triggerNames,
} from './capture-names.ts'
import { ROWS, truncateBody, wholeRowBody, wholeRowsBody } from './capture-rows.ts'
import { PARENT_TIMES, parentBodies } from './capture-moves.ts'
import { NEW_ROWS, OLD_ROWS, updatedRowBody, updatedRowsBody } from './capture-update.ts'
import { LOG_OPERATIONS } from './tables.ts'

export type CaptureSql = {
  functions: string[]
  /** For the table itself, in order; none of them may be there yet. */
  triggers: string[]
  /** For every partition: row triggers are inherited, the TRUNCATE trigger is not. */
  partitionTriggers(relation: string): string[]
}

const { inserted, deleted } = LOG_OPERATIONS

export function captureSql(captured: CapturedTable): CaptureSql {
  const { bookkeeping, table } = captured
  const bodies = captured.perRow ? rowBodies(captured) : statementBodies(captured)
  const times = captured.perRow ? ROW_TIMES : STATEMENT_TIMES
  const create = (operation: CapturedOperation, relation: string) => {
    const name = triggerName(bookkeeping, operation)
    return [
      `CREATE TRIGGER ${name} AFTER ${operation.toUpperCase()} ON ${relation} ${times[operation]}
  EXECUTE FUNCTION ${captureFunctionName(bookkeeping, operation, table)}()`,
      enableAlways(relation, name),
    ]
  }
  const parent = parentSql(captured)
  return {
    functions: [
      ...CAPTURED_OPERATIONS.map((operation) => captureFunction(captured, operation, bodies[operation])),
      ...parent.functions,
    ],
    triggers: [
      ...CAPTURED_OPERATIONS.flatMap((operation) => create(operation, quoteTable(table))),
      ...parent.triggers,
    ],
    partitionTriggers: (relation) => [
      ...[...triggerNames(bookkeeping).slice(0, 3), ...parent.names].map((name) =>
        enableAlways(relation, name),
      ),
      ...create('truncate', relation),
    ],
  }
}

/** Nothing for a table that none hangs on. */
function parentSql(captured: CapturedTable): { functions: string[]; triggers: string[]; names: string[] } {
  const { bookkeeping, table, hanging } = captured
  const events = hanging.length === 0 ? [] : PARENT_EVENTS
  const bodies = parentBodies(captured)
  const relation = quoteTable(table)
  return {
    functions: events.map((event) => captureFunction(captured, event, bodies[event])),
    triggers: events.flatMap((event) => [
      `CREATE TRIGGER ${triggerName(bookkeeping, event)} ${PARENT_TIMES[event]} ON ${relation} FOR EACH ROW
  EXECUTE FUNCTION ${captureFunctionName(bookkeeping, event, table)}()`,
      enableAlways(relation, triggerName(bookkeeping, event)),
    ]),
    names: events.map((event) => triggerName(bookkeeping, event)),
  }
}

type ByOperation = Record<CapturedOperation, string>

const STATEMENT_TIMES: ByOperation = {
  insert: `REFERENCING NEW TABLE AS ${ROWS} FOR EACH STATEMENT`,
  update: `REFERENCING OLD TABLE AS ${OLD_ROWS} NEW TABLE AS ${NEW_ROWS} FOR EACH STATEMENT`,
  delete: `REFERENCING OLD TABLE AS ${ROWS} FOR EACH STATEMENT`,
  truncate: 'FOR EACH STATEMENT',
}

/** The condition names no column, and spares programs that save rows unchanged the call. */
const ROW_TIMES: ByOperation = {
  insert: 'FOR EACH ROW',
  update: 'FOR EACH ROW WHEN (pg_catalog.record_image_ne(OLD.*, NEW.*))',
  delete: 'FOR EACH ROW',
  truncate: 'FOR EACH STATEMENT',
}

function statementBodies(captured: CapturedTable): ByOperation {
  return {
    insert: wholeRowsBody(captured, inserted),
    update: updatedRowsBody(captured),
    delete: wholeRowsBody(captured, deleted),
    truncate: truncateBody(captured),
  }
}

function rowBodies(captured: CapturedTable): ByOperation {
  return {
    insert: wholeRowBody(captured, 'NEW', inserted),
    update: updatedRowBody(captured),
    delete: wholeRowBody(captured, 'OLD', deleted),
    truncate: truncateBody(captured),
  }
}

function enableAlways(relation: string, name: string): string {
  return `ALTER TABLE ${relation} ENABLE ALWAYS TRIGGER ${name}`
}
