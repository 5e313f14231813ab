/**
 * Whether `holders` and `authorize` fit the manifest, before the server starts.
 *
 * Who may write a table that holders read decides who holds what: without a rule of `authorize`, whoever holds a project
 * could let anybody into it. So such a table has one, or clients only read it.
 */
import { LandfallError, type Manifest } from '@landfall/protocol'
import type { Authorize, Holders } from '../context.ts'
import { allScopes, openScopes, tablesOfHolders } from './holders.ts'

type OptionProblem = { scope?: string; table?: string; problem: string; cure: string }

export type CheckedOptions = { holders: Holders; authorize: { [table: string]: Authorize } }

/** Throws `options_invalid` with every problem and its cure. */
export function checkHolders(manifest: Manifest, { holders, authorize }: CheckedOptions): void {
  const problems = [...scopeProblems(manifest, holders), ...ruleProblems(manifest, { holders, authorize })]
  if (problems.length > 0) throw new LandfallError('options_invalid', { problems })
}

/** Every scope that names a column has a holder, and no other has. */
function scopeProblems(manifest: Manifest, holders: Holders): OptionProblem[] {
  const open = new Set(openScopes(manifest))
  const closed = allScopes(manifest).filter((scope) => !open.has(scope))
  const missing = closed.filter((scope) => !Object.hasOwn(holders, scope))
  const unknown = Object.keys(holders).filter((scope) => !closed.includes(scope))
  return [
    ...missing.map((scope) => ({
      scope,
      problem: 'It has no holder.',
      cure: 'Say in `holders` who holds it.',
    })),
    ...unknown.map((scope) => ({ scope, problem: 'No such scope.', cure: 'Take it out of `holders`.' })),
  ]
}

function ruleProblems(manifest: Manifest, { holders, authorize }: CheckedOptions): OptionProblem[] {
  const read = tablesOfHolders(manifest, holders)
  const ruled = new Set(Object.keys(authorize))
  const bare = manifest.tables.filter(
    ({ name, write }) => read.has(name) && write.length > 0 && !ruled.has(name),
  )
  const unknown = [...ruled].filter((table) => !manifest.tables.some(({ name }) => name === table))
  return [
    ...bare.map(({ name }) => ({
      table: name,
      problem: 'It says who holds a scope, and any holder may write it.',
      cure: `Give it a rule: authorize: { ${name}: (change) => ... }, or make it read-only: write: { ${name}: false } in defineSync.`,
    })),
    ...unknown.map((table) => ({
      table,
      problem: 'No synced table has this name in Postgres.',
      cure: 'Name it in `authorize` as Postgres does, or take the rule out.',
    })),
  ]
}
