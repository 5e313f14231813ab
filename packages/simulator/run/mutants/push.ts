/** Mutants of the push: once, in order, whole, and nobody in the way of others. */
import type { Mutant } from './mutant.ts'

export const PUSH: Mutant[] = [
  {
    name: 'repeats are applied again',
    file: 'packages/server/src/push/push.ts',
    find: 'isShut ? [] : request.changesets.filter(({ number }) => number > last)',
    replace: 'request.changesets',
    promise: 'P2',
    why: 'a response that gets lost counts a vote twice',
  },
  {
    name: 'the number stays behind',
    file: 'packages/server/src/push/push.ts',
    find: 'SET last_number = $2::bigint, together = $3::int WHERE client = $1',
    replace: 'SET last_number = $2::bigint, together = $3::int WHERE client = $1 AND false',
    promise: 'P2',
    why: 'nothing is ever acknowledged: the outbox is pushed, and takes effect, again and again',
  },
  {
    name: 'verdicts in a transaction of their own',
    file: 'packages/server/src/push/push.ts',
    find: '  await storeVerdicts(work, verdicts)\n',
    replace: `  void context.database
    .transaction(WRITE, (own) => storeVerdicts({ ...work, tx: own }, verdicts))
    .catch(() => {})
`,
    promise: 'P2',
    why: 'a server that dies between the two commits has the same changeset applied again',
  },
  {
    name: 'the order within a push is lost',
    file: 'packages/server/src/push/runs.ts',
    find: 'if (run && !repeats && !writesAfterDelete && !regranted) run.push(changeset)',
    replace: 'if (run) run.push(changeset)',
    promise: 'P2',
    why: 'a row that was deleted and written again offline is gone after the push',
  },
  {
    name: 'a bad changeset blocks the queue',
    file: 'packages/server/src/push/apply-in-order.ts',
    find: '  verdicts.push(judge(work, only, await tryAgain(work, only, error)))\n',
    replace: `  const verdict = judge(work, only, await tryAgain(work, only, error))
  if (verdict.error !== null) throw new Error(verdict.error.code)
  verdicts.push(verdict)
`,
    promise: 'P8',
    why: 'one change that Postgres refuses keeps all later work on the device, for ever',
  },
  {
    name: 'a bad changeset takes its run along',
    file: 'packages/server/src/push/apply-in-order.ts',
    find: `    const middle = run.length >> 1
    return [run.slice(0, middle), run.slice(middle)]
`,
    replace: `    verdicts.push(...run.map(({ number }): Verdict => ({ number, outcome: 'rejected', error })))
    return []
`,
    promise: 'P8',
    why: 'a day of good work is rejected because of one bad change among it',
  },
  {
    name: 'a failed run is not undone',
    file: 'packages/server/src/push/try-run.ts',
    find: "  await tx.query('ROLLBACK TO SAVEPOINT landfall_run')\n",
    replace: '',
    promise: 'P8',
    why: 'a refusal by Postgres fails every later statement: the push never gets through',
  },
  {
    name: 'reasons are not stored',
    file: 'packages/server/src/push/push.ts',
    find: 'if (rejected.length > 0) {',
    replace: 'if (rejected.length > 1_000_000) {',
    promise: 'P7',
    why: 'a rejected changeset is acknowledged like an applied one: the work is gone without a word',
  },
  {
    name: 'blind writes',
    file: 'packages/server/src/push/apply/write-sql.ts',
    find: '          ...columns.map((column, i) => isSame(column, `u.o${i}`)),\n',
    replace: '',
    promise: 'P7',
    why: 'whoever pushes last overwrites what others wrote, and no conflict tells of it',
  },
]
