/** Mutants of the cursor, the window of the change log, and what the triggers write into it. */
import type { Mutant } from './mutant.ts'

export const CURSOR: Mutant[] = [
  {
    name: 'late commits are skipped',
    file: 'packages/server/src/log/window.ts',
    find: 'if (inProgress.length === 0) return after\n',
    replace: 'return after\n',
    promise: 'P6',
    why: 'a row of a transaction that was open during the last pull never arrives, as with any sequence number',
  },
  {
    name: 'the next xid is skipped',
    file: 'packages/server/src/log/window.ts',
    find: 'AND xid >= ${bind(xmax.toString())}::xid8',
    replace: 'AND xid > ${bind(xmax.toString())}::xid8',
    promise: 'P6',
    why: 'the first transaction after each pull never arrives',
  },
  {
    name: 'half an xmin horizon',
    file: 'packages/server/src/log/window.ts',
    find: 'AND xid >= ${bind(xmax.toString())}::xid8',
    replace: 'AND xid >= ${bind(xmax.toString())}::xid8 AND xid < pg_snapshot_xmin(pg_current_snapshot())',
    promise: 'P6',
    why: 'what commits while any other transaction is open is held back, and the cursor moves past it',
  },
  {
    name: 'the cursor of a later snapshot',
    file: 'packages/server/src/pull/pull.ts',
    find: `  const attempt = (mayBeStale: boolean) =>
    context.database.transaction(SNAPSHOT, (tx) =>
      pullIn(tx, context, { request, user, holders, mayBeStale }),
    )`,
    replace: `  const read = (mayBeStale: boolean) =>
    context.database.transaction(SNAPSHOT, (tx) =>
      pullIn(tx, context, { request, user, holders, mayBeStale }),
    )
  const attempt = async (mayBeStale: boolean) => {
    const rows = await read(mayBeStale)
    const later = rows && (await read(mayBeStale))
    return rows && later && { ...rows, cursor: later.cursor }
  }`,
    promise: 'P6',
    why: 'what commits between reading the rows and reading the cursor never arrives',
  },
  {
    name: 'the push acknowledges',
    file: 'packages/server/src/http/handlers.ts',
    find: `    const pushHalf = pushed ? await half(() => push(pushed, user)) : null
    const pullHalf = pulled ? await half(() => pull(pulled, user)) : null
`,
    replace: `    const pullHalf = pulled ? await half(() => pull(pulled, user)) : null
    const pushHalf = pushed ? await half(() => push(pushed, user)) : null
    const last = pushHalf?.ok ? pushHalf.value.verdicts.at(-1)?.number : undefined
    if (pullHalf?.ok && last !== undefined) pullHalf.value.acknowledged = last
`,
    promise: 'P9',
    why: 'a changeset leaves the outbox before its rows are here: the screen jumps back to the old values',
  },
  {
    name: 'deletions are not sent',
    file: 'packages/server/src/pull/patches.ts',
    find: 'const removed = keys.filter((key) => !alive.has(encodeKey(key)))',
    replace: 'const removed = keys.filter(() => false)',
    promise: 'P3',
    why: 'rows that others delete stay on every device',
  },
  {
    name: 'TRUNCATE is not seen',
    file: 'packages/server/src/log/capture-rows.ts',
    find: "return `${readAuthor(captured)}${logged.join('')}`",
    replace: "return row.key === '' ? readAuthor(captured) + logged.join('') : ''",
    promise: 'P6',
    why: 'an emptied table stays full on every device, for ever',
  },
  {
    name: 'a changed key is an update',
    file: 'packages/server/src/log/capture-update.ts',
    find: 'IF ${keyWas} <> ${key} THEN',
    replace: 'IF false THEN',
    promise: 'P6',
    why: 'a row that gets another key in Postgres is on devices twice, under both',
  },
]
