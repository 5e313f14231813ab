/**
 * Cuts the changesets of a push into runs that may be written together without changing what their order means (P2.2).
 *
 * Within a run no row is touched twice, so every row has one old and one new value. Runs write inserts and updates
 * before deletes; so after a changeset that deletes, only others that merely delete may join: else a child inserted
 * under a parent that an earlier changeset deleted would be written first and then cascade away unseen. And what
 * follows a change of membership is judged by rights that know of it; what needs a scope that is not held stands alone.
 */
import type { CheckedChangeset } from './batch.ts'

/** `memberships`: names of the tables that say who holds which scope. */
export function splitRuns(
  changesets: readonly CheckedChangeset[],
  memberships: ReadonlySet<string>,
): CheckedChangeset[][] {
  const runs: CheckedChangeset[][] = []
  let touched = new Set<string>()
  let deleting = false
  let regranted = false
  for (const changeset of changesets) {
    const repeats = changeset.rowIds.some((id) => touched.has(id))
    const writesAfterDelete = deleting && changeset.blocks.some(({ operation }) => operation !== 'delete')
    const run = runs.at(-1)
    if (run && !repeats && !writesAfterDelete && !regranted) run.push(changeset)
    else {
      runs.push([changeset])
      touched = new Set()
      deleting = false
    }
    for (const id of changeset.rowIds) touched.add(id)
    regranted = touches([changeset], memberships)
    deleting ||= changeset.blocks.some(({ operation }) => operation === 'delete')
  }
  return runs
}

/** The first changeset that needs to be alone, what stands before it and what behind; the run itself if there is none. */
export function setApart(
  run: CheckedChangeset[],
  isAlone: (changeset: CheckedChangeset) => boolean,
): CheckedChangeset[][] {
  const at = run.length > 1 ? run.findIndex(isAlone) : -1
  if (at < 0) return [run]
  return [run.slice(0, at), run.slice(at, at + 1), run.slice(at + 1)].filter((part) => part.length > 0)
}

function touches(run: readonly CheckedChangeset[], tables: ReadonlySet<string>): boolean {
  return run.some(({ blocks }) => blocks.some(({ table }) => tables.has(table.name)))
}
