/**
 * Capture: finds the changes of a local transaction by before images.
 *
 * Triggers on each mirror table keep every row as it was before the transaction first touched it (or that it was not
 * there). At the commit the before images are compared with the rows as they are, which gives the net effect,
 * whatever statements lay between. An undone savepoint or a failed statement takes its before images with it.
 *
 * `ON CONFLICT DO NOTHING` and not `INSERT OR IGNORE`: inside a trigger the outer statement's OR clause replaces the
 * trigger's own, but not an upsert's. `recursive_triggers` must be on, or REPLACE deletes unseen.
 */
import { quoteIdentifier } from '@landfall/schema/internal'
import { list, sideColumnsDdl, type MirrorTable } from './mirror-table.ts'

/** The statements that create the table of before images and the triggers. */
export function captureDdl(table: MirrorTable): string[] {
  return [
    `CREATE TABLE ${table.before} (
  ${sideColumnsDdl(table.columns)},
  landfall_existed INTEGER NOT NULL,
  PRIMARY KEY (${table.keyList})
) STRICT, WITHOUT ROWID`,
    trigger(table, { name: 'insert', on: 'INSERT', does: wasAbsent(table) }),
    trigger(table, { name: 'update', on: 'UPDATE', does: wasThere(table) }),
    trigger(table, { name: 'rekey', on: 'UPDATE', when: keyChanged(table), does: wasAbsent(table) }),
    trigger(table, { name: 'delete', on: 'DELETE', does: wasThere(table) }),
  ]
}

const CAPTURING = '(SELECT capturing FROM landfall_guard)'

type Trigger = { name: string; on: 'INSERT' | 'UPDATE' | 'DELETE'; when?: string; does: string }

function trigger(table: MirrorTable, { name, on, when, does }: Trigger): string {
  const condition = when === undefined ? CAPTURING : `${when} AND ${CAPTURING}`
  return `CREATE TRIGGER ${quoteIdentifier(`landfall_${name}_${table.name}`)}
  AFTER ${on} ON ${table.mirror} WHEN ${condition}
  BEGIN ${does}; END`
}

function wasAbsent(table: MirrorTable): string {
  return `INSERT INTO ${table.before} (${table.keyList}, landfall_existed)
  VALUES (${list(table.key, 'new.')}, 0) ON CONFLICT DO NOTHING`
}

function wasThere(table: MirrorTable): string {
  return `INSERT INTO ${table.before} (${table.columnList}, landfall_existed)
  VALUES (${list(table.columns, 'old.')}, 1) ON CONFLICT DO NOTHING`
}

function keyChanged(table: MirrorTable): string {
  return `(${table.key.map(({ sql }) => `new.${sql} IS NOT old.${sql}`).join(' OR ')})`
}
