/**
 * Capture: what a local transaction has changed, found by before images.
 *
 * Triggers on each mirror table keep every row as it was before the transaction first touched it (or that it was not
 * there). At the commit the before images are compared with the rows as they are, which gives the net effect,
 * whatever statements lay between. An undone savepoint or a failed statement takes its before images with it.
 *
 * `INSERT ... SELECT ... WHERE NOT EXISTS` instead of `INSERT OR IGNORE`: inside a trigger the outer statement's
 * conflict clause replaces the trigger's own. `recursive_triggers` must be on, or REPLACE deletes unseen.
 */
import type { MirrorTable } from './mirror-table.ts'
import { list, sideColumnsDdl } from './mirror-table.ts'

/** The statements that create the table of before images and the triggers. */
export function captureDdl(table: MirrorTable): string[] {
  return [
    `CREATE TABLE ${table.before} (
  ${sideColumnsDdl(table.columns)},
  landfall_existed INTEGER NOT NULL,
  PRIMARY KEY (${table.keyList})
) STRICT, WITHOUT ROWID`,
    trigger(table, 'insert', `AFTER INSERT ON ${table.mirror} WHEN ${CAPTURING}`, [wasAbsent(table)]),
    trigger(table, 'update', `AFTER UPDATE ON ${table.mirror} WHEN ${CAPTURING}`, [wasThere(table)]),
    trigger(table, 'rekey', `AFTER UPDATE ON ${table.mirror} WHEN ${keyChanged(table)} AND ${CAPTURING}`, [
      wasAbsent(table),
    ]),
    trigger(table, 'delete', `AFTER DELETE ON ${table.mirror} WHEN ${CAPTURING}`, [wasThere(table)]),
  ]
}

const CAPTURING = '(SELECT capturing FROM landfall_guard)'

function trigger(table: MirrorTable, event: string, when: string, statements: string[]): string {
  const name = `"landfall_${event}_${table.name.replaceAll('"', '""')}"`
  return `CREATE TRIGGER ${name} ${when} BEGIN ${statements.map((sql) => `${sql};`).join(' ')} END`
}

function wasAbsent(table: MirrorTable): string {
  return `INSERT INTO ${table.before} (${table.keyList}, landfall_existed)
  SELECT ${list(table.key, 'new.')}, 0 WHERE NOT EXISTS (${entry(table, 'new')})`
}

function wasThere(table: MirrorTable): string {
  return `INSERT INTO ${table.before} (${table.columnList}, landfall_existed)
  SELECT ${list(table.columns, 'old.')}, 1 WHERE NOT EXISTS (${entry(table, 'old')})`
}

function entry(table: MirrorTable, row: 'old' | 'new'): string {
  const same = table.key.map(({ sql }) => `${sql} = ${row}.${sql}`).join(' AND ')
  return `SELECT 1 FROM ${table.before} WHERE ${same}`
}

function keyChanged(table: MirrorTable): string {
  return `(${table.key.map(({ sql }) => `new.${sql} IS NOT old.${sql}`).join(' OR ')})`
}
