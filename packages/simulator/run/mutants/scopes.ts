/** Mutants of scopes and rights: who gets which rows, who may write them, when a scope is complete. */
import type { Mutant } from './mutant.ts'

const PULL = 'packages/server/src/pull/pull.ts'

export const SCOPES: Mutant[] = [
  {
    name: 'scopes as the client names them',
    file: PULL,
    find: 'const scopes = held.filter((scope) => requested.has(scope))',
    replace: 'const scopes = request.scopes',
    promise: 'P4',
    why: 'who has left a project goes on receiving its rows',
  },
  {
    name: 'rows that moved away are sent',
    file: 'packages/server/src/pull/patches.ts',
    find: "t ON ${equal.join(' AND ')}\n    WHERE ${condition}",
    replace: "t ON ${equal.join(' AND ')}\n    WHERE (${condition}) IS NOT NULL",
    promise: 'P4',
    why: 'a row that moves into a secret project is shown to the members of the old one',
  },
  {
    name: 'leaving a scope is not logged',
    file: 'packages/server/src/log/capture-update.ts',
    find: `    IF \${was} IS NOT NULL THEN
    \${logRow(captured, { key, scope: was, operation: left, columns })}`,
    replace: `    IF false THEN
    \${logRow(captured, { key, scope: was, operation: left, columns })}`,
    promise: 'P4',
    why: 'a row that moved to another project stays on the devices of the first',
  },
  {
    name: 'pages for anybody',
    file: 'packages/server/src/pull/first-load.ts',
    find: "if (!held.includes(request.scope)) throw new LandfallError('scope_not_held', { scope: request.scope })",
    replace: 'void held',
    promise: 'P4',
    why: 'who asks for the first load of a project gets it, member or not',
  },
  {
    name: 'pages out of a cache',
    file: 'packages/server/src/pull/first-load.ts',
    find: 'export async function handleFirstLoad(\n',
    replace: `const cache = new WeakMap<ServerContext, Map<string, Promise<string>>>()

export function handleFirstLoad(
  context: ServerContext,
  request: FirstLoadRequest,
  user: UserId,
): Promise<string> {
  const pages = cache.get(context) ?? new Map<string, Promise<string>>()
  cache.set(context, pages)
  const name = JSON.stringify([request.scope, request.position])
  const page = pages.get(name) ?? readAnew(context, request, user)
  page.then(() => pages.set(name, page)).catch(() => {})
  return page
}

async function readAnew(
`,
    promise: 'P3',
    why: 'a page older than the cursor brings deleted rows back for ever',
  },
  {
    name: 'a full page is taken for the last',
    file: 'packages/server/src/pull/first-load.ts',
    find: 'count >= options.pageRows',
    replace: 'count > options.pageRows',
    promise: 'P3',
    why: 'a project with more rows than one page holds is never complete, and says that it is',
  },
  {
    name: 'the row before is not judged',
    file: 'packages/server/src/push/apply/write-sql.ts',
    find: '          isWritable(table, { bind: options.bind, keys: options.rights.keys, value: liveColumn }),\n',
    replace: '',
    promise: 'P4',
    why: 'who was put out of a project still deletes its rows, and pulls them into another',
  },
  {
    name: 'one key opens all',
    file: 'packages/server/src/push/apply/row-sql.ts',
    find: ': [`coalesce(${key} IN (SELECT unnest(${bind(held)}::text[])), false)`]',
    replace: ": ['true']",
    promise: 'P4',
    why: 'a member of one project writes into every other',
  },
  {
    name: 'one’s own row opens any scope',
    file: 'packages/server/src/push/apply/row-sql.ts',
    find: 'const tests = table.write.flatMap((name) => {',
    replace: 'const tests = table.scopes.slice(-1).flatMap(({ scope: name }) => {',
    promise: 'P4',
    why: 'who may write the memberships that are theirs lets themselves into every project',
  },
  {
    name: 'a key that has rows counts as new',
    file: 'packages/server/src/push/check/new-keys.ts',
    find: "WHERE c.scopes @> ARRAY[s.scope])${rows.join('')}`",
    replace: 'WHERE c.scopes @> ARRAY[s.scope])`.slice(0, 10_000 * rows.length)',
    promise: 'P4',
    why: 'of a project that was there before the log began anybody becomes a member by one insert',
  },
  {
    name: 'a key that was deleted counts as new',
    file: 'packages/server/src/push/check/new-keys.ts',
    find: 'WHERE NOT EXISTS (SELECT FROM ${bookkeeping.changes} AS c WHERE c.scope = s.scope)',
    replace: 'WHERE true',
    promise: 'P4',
    why: 'who makes a dissolved project again gets what was kept of it',
  },
  {
    name: 'the rows of a lost scope stay',
    file: 'packages/engine/src/store/apply.ts',
    find: '  if (moves.lost.length === 0) return\n',
    replace: '  if (moves.lost.length >= 0) return\n',
    promise: 'P4',
    why: "a project's rows stay on the laptop of who has left it",
  },
  {
    name: 'ready without its pages',
    file: 'packages/engine/src/store/scopes.ts',
    find: "'UPDATE landfall_scopes SET ready = 1 WHERE loaded = 1'",
    replace: "'UPDATE landfall_scopes SET ready = 1'",
    promise: 'P3',
    why: 'a project that is not loaded yet counts as loaded: it stays empty',
  },
]
