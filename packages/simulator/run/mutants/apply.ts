/** Mutants of applying what the server sent: the base under unsent changes, the outbox, one transaction for all. */
import type { Mutant } from './mutant.ts'

const APPLY = 'packages/engine/src/store/apply.ts'
const APPLY_ROWS = 'packages/engine/src/store/apply-rows.ts'
const BASE = 'packages/engine/src/store/base.ts'
const CONFIRM = 'confirm(context, loadingAgain ? changesetNumber(0) : acknowledged, touched)'

export const APPLYING: Mutant[] = [
  {
    name: 'no base under unsent changes',
    file: 'packages/engine/src/store/seal.ts',
    find: '  if (number !== null && net.blocks.length > 0) parts.base.record(number, net)\n',
    replace: '',
    promise: 'P9',
    why: 'any pull puts the old value back over what was just typed',
  },
  {
    name: 'the base is never left',
    file: APPLY,
    find: CONFIRM,
    replace: 'confirm(context, changesetNumber(0), touched)',
    promise: 'P10',
    why: 'a row that was edited here once never shows how its edit came out, and its base stays for ever',
  },
  {
    name: 'the base is left too early',
    file: APPLY,
    find: CONFIRM,
    replace: 'confirm(context, changesetNumber(loadingAgain ? 0 : Number.MAX_SAFE_INTEGER), touched)',
    promise: 'P9',
    why: 'unsent edits vanish from the screen at the next pull',
  },
  {
    name: 'the base is left while loading again',
    file: APPLY,
    find: CONFIRM,
    replace: 'confirm(context, acknowledged, touched)',
    promise: 'P9',
    why: 'after a restore of the server own edits jump back until their page comes',
  },
  {
    name: 'the first touch is forgotten',
    file: BASE,
    find: 'landfall_touched = json_patch(landfall_touched, excluded.landfall_touched),',
    replace: 'landfall_touched = excluded.landfall_touched,',
    promise: 'P9',
    why: 'of two offline edits of one row the first jumps back at the next pull',
  },
  {
    name: 'the visible row does not follow its base',
    file: BASE,
    find: 'landfall_existed = 1, landfall_stale = 1',
    replace: 'landfall_existed = 1',
    promise: 'P3',
    why: "others' edits of other columns do not show while an own one waits",
  },
  {
    name: 'pulled rows cover unsent changes',
    file: APPLY_ROWS,
    find: 'driver.prepare(mode.hasBase ? sql.upsertUntouched : sql.upsert).runColumns(columns)',
    replace: 'driver.prepare(sql.upsert).runColumns(columns)',
    promise: 'P9',
    why: "somebody else's edit hides the own one, which is still to be sent",
  },
  {
    name: 'a deletion misses the base',
    file: APPLY_ROWS,
    find: '    if (mode.hasBase) base.forget(keys)\n',
    replace: '',
    promise: 'P14',
    why: 'a row that others deleted comes back when an edit of it has had its verdict',
  },
  {
    name: 'a row that is gone stays',
    file: BASE,
    find: 'FROM ${base} WHERE landfall_last <= ?1 AND landfall_existed = 0)',
    replace: 'FROM ${base} WHERE landfall_last <= ?1 AND landfall_existed = 2)',
    promise: 'P14',
    why: 'a deleted row that was edited here stays on this device alone',
  },
  {
    name: 'deletions are not applied',
    file: APPLY_ROWS,
    find: '    driver.prepare(mode.hasBase ? sql.deleteUntouched : sql.delete).runColumns(keys)\n',
    replace: '',
    promise: 'P3',
    why: 'rows that others deleted stay on this device',
  },
  {
    name: 'a pull in many transactions',
    file: APPLY,
    find: 'inTransaction(driver, () => withoutCapture(driver, () => run({ state: readState(driver), touched })))',
    replace: 'withoutCapture(driver, () => run({ state: readState(driver), touched }))',
    promise: 'P5',
    why: 'a tab that is killed while it applies a pull is left with half of it',
  },
  {
    name: 'the cursor before the rows',
    file: APPLY,
    find: 'export function applyPull(context: ApplyContext, response: PullResponse): Set<string> {\n',
    replace: `export function applyPull(context: ApplyContext, response: PullResponse): Set<string> {
  updateState(context.driver, { snapshot: response.cursor.snapshot, history: response.cursor.history })
`,
    promise: 'P5',
    why: 'a tab that is killed while it applies a pull never gets those rows',
  },
  {
    name: 'conflicts are not kept',
    file: APPLY,
    find: '    recordConflicts(context.driver, response.conflicts)\n',
    replace: '',
    promise: 'P7',
    why: 'nobody is told which value lost, though the server sends it',
  },
  {
    name: 'rejections are not kept',
    file: 'packages/engine/src/store/outbox.ts',
    find: '  for (const { number, error } of rejections) setAside.run([number, JSON.stringify(error)])\n',
    replace: '',
    promise: 'P7',
    why: 'a change that the server refused is deleted instead of set aside',
  },
  {
    name: 'one changeset too many is acknowledged',
    file: 'packages/engine/src/store/outbox.ts',
    find: "driver.prepare('DELETE FROM landfall_outbox WHERE number <= ?').run([upTo])",
    replace: "driver.prepare('DELETE FROM landfall_outbox WHERE number <= ?').run([upTo + 1])",
    promise: 'P2',
    why: 'a changeset that was never sent is dropped with the one before it',
  },
]
