/** Mutants of recovery: restored servers, loading everything again, another schema. */
import type { Mutant } from './mutant.ts'

const HISTORY = 'packages/server/src/log/history.ts'
const MIGRATE = 'packages/engine/src/store/migrate-mirror.ts'
const APPLY = 'packages/engine/src/store/apply.ts'

export const RECOVERY: Mutant[] = [
  {
    name: 'any cursor is believed',
    file: 'packages/server/src/pull/pull.ts',
    find: '  if (cursor) await checkHistory(tx, bookkeeping, cursor)\n',
    replace: '',
    promise: 'P11',
    why: 'after a restore of the server devices skip what has been written since',
  },
  {
    name: 'an unknown history is believed',
    file: HISTORY,
    find: "const reason = !row\n    ? 'unknown'",
    replace: 'const reason = !row\n    ? null',
    promise: 'P11',
    why: 'a cursor of the time after the backup is taken for one of before it',
  },
  {
    name: 'only the nonce is looked at',
    file: HISTORY,
    find: `    : row['overtaken'] === 'true'
      ? 'overtaken'
      : row['same'] === 'true'
        ? null
        : 'changes_differ'
`,
    replace: '    : null\n',
    promise: 'P11',
    why: 'a restore of a backup that knows the nonce goes unnoticed: its new changes are skipped',
  },
  {
    name: 'what a cursor has seen is not compared',
    file: HISTORY,
    find: "row['same'] === 'true'\n        ? null",
    replace: "row['same'] !== null\n        ? null",
    promise: 'P11',
    why: 'a transaction that was open at the moment gone back to has ended in another way, and nobody is told',
  },
  {
    name: 'starting over drops the outbox',
    file: MIGRATE,
    find: '  unloadScopes(driver)\n',
    replace: "  unloadScopes(driver)\n  driver.exec('DELETE FROM landfall_outbox')\n",
    promise: 'P11',
    why: 'a restore of the server, or a new version of the app, deletes work that was not sent yet',
  },
  {
    name: 'rows that did not come again stay',
    file: APPLY,
    find: 'const dropped = done ? dropAllUnseenRows(driver, table) : dropUnseenRows(driver, table, ready)',
    replace: 'const dropped = false',
    promise: 'P11',
    why: 'what was deleted while a device was away is on it for ever',
  },
  {
    name: 'seen keys are kept',
    file: APPLY,
    find: '    if (done) driver.exec(`DELETE FROM ${table.seen}`)\n',
    replace: '',
    promise: 'P10',
    why: 'every key of the database is stored once more, for nothing',
  },
  {
    name: 'an upgrade drops the base',
    file: MIGRATE,
    find: '    INSERT INTO ${table.base} (${columns}, ${marks}) SELECT ${columns}, ${marks} FROM temp.landfall_old_base;\n',
    replace: '',
    promise: 'P11',
    why: 'after a new version of the app pulls cover edits that were not sent yet',
  },
  {
    name: 'an upgrade keeps the cursor',
    file: MIGRATE,
    find: '  if (stored !== null) forgetCursor(driver, mirrorTables(manifest).values())\n',
    replace: '',
    promise: 'P11',
    why: "a new column stays empty on devices that had the table's rows before",
  },
  {
    name: 'an upgrade leaves capture off',
    file: MIGRATE,
    find: '    UPDATE landfall_guard SET capturing = 1;\n',
    replace: '',
    promise: 'P11',
    why: 'what is written offline after a new version of the app was opened is never sent',
  },
]
