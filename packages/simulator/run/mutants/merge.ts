/** Mutants of the merge: who wins, by which clock, and what becomes of the loser. */
import type { Mutant } from './mutant.ts'

const DECIDE = 'packages/server/src/push/conflict/decide-row.ts'
const RESOLVE = 'packages/server/src/push/conflict/resolve.ts'
const STAMP = 'packages/server/src/push/apply/stamp.ts'
const POLICY = 'packages/protocol/src/policy.ts'

export const MERGE: Mutant[] = [
  {
    name: 'the last to arrive wins',
    file: POLICY,
    find: "return facts.newHlc > (facts.currentHlc ?? facts.horizonHlc) ? 'mine' : 'theirs'",
    replace: "return 'mine'",
    promise: 'P14',
    why: 'a week-old edit from a phone that was offline overwrites what was written this morning',
  },
  {
    name: 'the loser is written',
    file: DECIDE,
    find: "    case 'theirs':\n      lose('theirs')\n",
    replace: "    case 'theirs':\n      writes.set(c, values.mine)\n      lose('theirs')\n",
    promise: 'P14',
    why: 'the edit that lost is in Postgres, while its conflict record says that the other one is',
  },
  {
    name: 'every value is mine',
    file: DECIDE,
    find: 'currentIsMine: facts.written?.client === asked.client,',
    replace: 'currentIsMine: true,',
    promise: 'P7',
    why: "others' values are overwritten as if one had seen them, and nothing is kept of them",
  },
  {
    name: 'stamps from the future count',
    file: 'packages/server/src/push/check/check-changeset.ts',
    find: 'hlc: clampHlc(decodeHlc(changeset.hlc), nowMs),',
    replace: 'hlc: decodeHlc(changeset.hlc),',
    promise: 'P14',
    why: 'a device whose clock says 2099 locks a row: no later edit of it ever wins',
  },
  {
    name: 'changes are logged as of their arrival',
    file: STAMP,
    find: "set_config('${settings.hlc}', $1, true),",
    replace: "set_config('${settings.hlc}', left($1, 0), true),",
    promise: 'P14',
    why: 'when an edit was made is forgotten once it is pushed: later conflicts compare the wrong times',
  },
  {
    name: 'one stamp for a whole push',
    file: 'packages/server/src/push/try-run.ts',
    find: '  await correctStamps(work, run, stamp)\n',
    replace: '',
    promise: 'P14',
    why: 'an old edit that travels with newer ones counts as new, and beats those made in between',
  },
  {
    name: 'equal counters count once',
    file: POLICY,
    find: "if (facts.currentIsNew && policy !== 'counter') return 'nothing'",
    replace: "if (facts.currentIsNew) return 'nothing'",
    promise: 'P2',
    why: 'two people each add one vote to five, and there are six',
  },
  {
    name: 'counters are overwritten',
    file: 'packages/server/src/push/apply/merge-sql.ts',
    find: 'return `${amount(values.cur)} + ${amount(values.new)} - ${amount(values.old)}`',
    replace: 'return amount(values.new)',
    promise: 'P2',
    why: 'of votes that were given at the same time only the last ones count',
  },
  {
    name: 'conflicts are not stored',
    file: 'packages/server/src/push/conflict/record-conflicts.ts',
    find: 'if (conflicts.length === 0) return\n',
    replace: 'if (conflicts.length >= 0) return\n',
    promise: 'P7',
    why: 'the value that lost is gone, and nobody hears of it',
  },
  {
    name: 'one loser a batch',
    file: 'packages/server/src/push/conflict/record-conflicts.ts',
    find: 'const rows = conflicts.map((conflict) =>',
    replace: 'const rows = conflicts.slice(0, 1).map((conflict) =>',
    promise: 'P7',
    why: 'where two columns or rows of a push lose, only the first is kept',
  },
  {
    name: 'what a delete wins over is forgotten',
    file: RESOLVE,
    find: 'losers: losersOfDelete(asked, state)',
    replace: 'losers: []',
    promise: 'P7',
    why: 'somebody deletes a row that others have just written to, and their words are gone',
  },
  {
    name: 'what a deleted row was given is forgotten',
    file: RESOLVE,
    find: 'losers: losersOfUpdate(asked)',
    replace: 'losers: []',
    promise: 'P7',
    why: 'an offline edit of a row that others deleted vanishes without a record',
  },
  {
    name: 'pulls do not set the clock',
    file: 'packages/engine/src/store/apply.ts',
    find: 'hlc: laterHlc(state.hlc, decodeHlc(response.hlc)),',
    replace: 'hlc: state.hlc,',
    promise: 'P14',
    why: 'a device whose clock is a year behind loses every conflict, whatever it edits last',
  },
  {
    name: 'the stamp follows a clock that was set back',
    file: 'packages/protocol/src/hlc.ts',
    find: 'return byClock > last ? byClock : hlc(last + 1n)',
    replace: 'return byClock',
    promise: 'P14',
    why: 'after the clock was set back, new edits lose against what they were made on',
  },
]
