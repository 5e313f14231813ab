/** What came of the mutants, as a table for people: survivors last, where they are seen. */
import type { Mutant } from './mutant.ts'
import type { Finding } from './search-seeds.ts'

/** `found` null: it survived. */
export type Result = { mutant: Mutant; found: Finding | null }

const HEAD = ['mutant', 'expected', 'caught by', 'seeds']

export function formatResults(results: readonly Result[]): string {
  const caught = results.flatMap(({ mutant, found }) =>
    found === null ? [] : [[mutant.name, mutant.promise, found.promise, `${found.seeds}`]],
  )
  const survivors = results.filter(({ found }) => found === null)
  const rows = [...caught, ...survivors.map(({ mutant }) => [mutant.name, mutant.promise, 'SURVIVED', '-'])]
  const reasons = survivors.map(({ mutant }) => `SURVIVED ${mutant.name} (${mutant.file}): ${mutant.why}.`)
  const sum = `${caught.length} of ${results.length} mutants caught`
  return [formatTable([HEAD, ...rows]), '', ...reasons, sum].join('\n')
}

function formatTable(rows: readonly string[][]): string {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
