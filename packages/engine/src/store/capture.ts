/**
 * Capture: finds the changes of a local transaction by before images, and the order in which it made them.
 *
 * Triggers on each mirror table keep every row as it was before the transaction first touched it (or that it was not
 * there). At the commit the before images are compared with the rows as they are, which gives the net effect,
 * whatever statements lay between. An undone savepoint or a failed statement takes its before images with it.
 *
 * The order is `total_changes()` at the touch: it grows with each row that the connection writes, a trigger's rows
 * included, so that no two touches share a number and no row is written to count. Of rows that are touched again,
 * `landfall_between_T` keeps what the columns under constraints held until then. A row touched once costs one look-up.
 *
 * `ON CONFLICT DO NOTHING` and not `INSERT OR IGNORE`: inside a trigger the outer statement's OR clause replaces the
 * trigger's own, but not an upsert's. `recursive_triggers` must be on, or REPLACE deletes unseen. SQLite does not say in
 * which order triggers of the same moment run: what depends on an order stands in one body, or before the statement.
 */
import { quoteIdentifier } from '@landfall/schema/internal'
import { list, sideColumnsDdl, type MirrorColumn, type MirrorTable } from './mirror-table.ts'

/** The statements that create the tables of before images and of what came in between, and the triggers. */
export function captureDdl(table: MirrorTable): string[] {
  return [
    `CREATE TABLE ${table.before} (
  ${sideColumnsDdl(table.columns)},
  landfall_existed INTEGER NOT NULL,
  landfall_first INTEGER NOT NULL,
  PRIMARY KEY (${table.keyList})
) STRICT, WITHOUT ROWID`,
    ...(hasBetween(table) ? [betweenDdl(table), comesAgain(table), trigger(table, changesAgain(table))] : []),
    trigger(table, { name: 'insert', on: 'AFTER INSERT', does: [wasAbsent(table)] }),
    trigger(table, { name: 'update', on: 'AFTER UPDATE', does: [wasThere(table)] }),
    trigger(table, rekeys(table)),
    trigger(table, { name: 'delete', on: 'AFTER DELETE', does: [wasThereUntil(table), wasThere(table)] }),
  ]
}

/** In the order of its rows. */
const betweenDdl = ({ between, key, constrained }: MirrorTable): string => `CREATE TABLE ${between} (
  ${sideColumnsDdl([...key, ...constrained])},
  landfall_step INTEGER NOT NULL,
  landfall_existed INTEGER NOT NULL
) STRICT`

const hasBetween = ({ constrained }: MirrorTable): boolean => constrained.length > 0

const CAPTURING = '(SELECT capturing FROM landfall_guard)'

type Trigger = { name: string; on: string; when?: string; does: string[] }

function trigger(table: MirrorTable, { name, on, when = CAPTURING, does }: Trigger): string {
  const body = does.filter((sql) => sql !== '').map((sql) => `${sql};`)
  return `CREATE TRIGGER ${quoteIdentifier(`landfall_${name}_${table.name}`)}
  ${on} ON ${table.mirror} WHEN ${when}
  BEGIN ${body.join(' ')} END`
}

/**
 * Before the others, while what is noted of the row was noted by earlier touches. Where nothing is captured nothing is
 * noted, so that it need not ask.
 */
function changesAgain(table: MirrorTable): Trigger {
  const columns = [...table.key, ...table.constrained]
  const on = `BEFORE UPDATE OF ${list(columns)}`
  return { name: 'again', on, when: isChanged(columns), does: [wasThereUntil(table)] }
}

/** The old row goes before the new one comes. */
const rekeys = (table: MirrorTable): Trigger => ({
  name: 'rekey',
  on: `AFTER UPDATE OF ${table.keyList}`,
  when: `${isChanged(table.key)} AND ${CAPTURING}`,
  does: [wasThere(table), wasAbsent(table)],
})

function wasAbsent(table: MirrorTable): string {
  return `INSERT INTO ${table.before} (${table.keyList}, landfall_existed, landfall_first)
  VALUES (${list(table.key, 'new.')}, 0, total_changes()) ON CONFLICT DO ${hasBetween(table) ? AGAIN : 'NOTHING'}`
}

/** Changes nothing, and wakes the trigger on the before images. */
const AGAIN = 'UPDATE SET landfall_existed = landfall_existed'

/** Most rows that come are new: an upsert finds the others without a look-up of its own. */
function comesAgain({ name, before, between, key, keyList }: MirrorTable): string {
  return `CREATE TRIGGER ${quoteIdentifier(`landfall_return_${name}`)} AFTER UPDATE OF landfall_existed ON ${before}
  BEGIN INSERT INTO ${between} (${keyList}, landfall_step, landfall_existed)
  VALUES (${list(key, 'new.')}, total_changes(), 0); END`
}

function wasThere(table: MirrorTable): string {
  return `INSERT INTO ${table.before} (${table.columnList}, landfall_existed, landfall_first)
  VALUES (${list(table.columns, 'old.')}, 1, total_changes()) ON CONFLICT DO NOTHING`
}

function wasThereUntil(table: MirrorTable): string {
  const { between, before, key, constrained } = table
  if (!hasBetween(table)) return ''
  const columns = [...key, ...constrained]
  return `INSERT INTO ${between} (${list(columns)}, landfall_step, landfall_existed)
  SELECT ${list(columns, 'old.')}, total_changes(), 1 FROM ${before} b WHERE ${sameKeyAs(key, 'old')}`
}

const sameKeyAs = (key: MirrorColumn[], row: string): string =>
  key.map(({ sql }) => `b.${sql} = ${row}.${sql}`).join(' AND ')

const isChanged = (columns: MirrorColumn[]): string =>
  `(${columns.map(({ sql }) => `new.${sql} IS NOT old.${sql}`).join(' OR ')})`
