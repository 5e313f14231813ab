/**
 * `npm run mutants`: plants each bug of `list.ts` into the code and lets the simulator look for it.
 *
 * The unchanged code runs on the same seeds first and must keep all promises: a checker that cries wolf proves nothing.
 * Then each mutant runs until the first violation, two at a time. One that survives all seeds shows what the checkers
 * do not see, and fails the run.
 *
 *     npm run mutants -- --only 'blind writes, the loser is written' --seeds 50
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createBundleFolder, writeBundle, writeEntry } from './bundle.ts'
import { MUTANTS } from './list.ts'
import type { Mutant } from './mutant.ts'
import { formatResults, type Result } from './results.ts'
import { type Finding, searchSeeds } from './search-seeds.ts'

const PROCESSES = 2

type Work = { root: string; folder: string; entry: string; seeds: number[] }

/** Answers the exit status. */
export async function main(root: string, args: string[]): Promise<number> {
  const { mutants, seeds } = readOptions(args)
  const folder = createBundleFolder(root)
  try {
    const work = { root, folder, entry: writeEntry(root, folder), seeds }
    const wolf = await runClean(work)
    if (wolf !== null) {
      console.log(`The code without a mutant: seed ${wolf.seed}, ${wolf.promise}: ${wolf.what}`)
      return 1
    }
    console.log(`The code without a mutant kept all promises on ${seeds.length} seeds.`)
    const results = await atOnce(PROCESSES, mutants, (mutant) => runMutant(work, mutant))
    console.log(`\n${formatResults(results)}`)
    return results.every(({ found }) => found !== null) ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function readOptions(args: string[]): { mutants: readonly Mutant[]; seeds: number[] } {
  const { values } = parseArgs({
    args,
    options: { only: { type: 'string' }, seeds: { type: 'string', default: '50' } },
  })
  const { only } = values
  const names = only?.split(',').map((name) => name.trim()) ?? MUTANTS.map(({ name }) => name)
  const mutants = MUTANTS.filter(({ name }) => names.includes(name))
  if (mutants.length < names.length)
    throw new Error(`not every name of ${only} is one of ${MUTANTS.map(({ name }) => name).join(', ')}`)
  const count = Number(values.seeds)
  if (!Number.isInteger(count) || count < 1) throw new Error(`--seeds takes a number, not ${values.seeds}`)
  return { mutants, seeds: Array.from({ length: count }, (_, i) => i + 1) }
}

async function runClean({ root, folder, entry, seeds }: Work): Promise<Finding | null> {
  const file = join(folder, 'clean.mjs')
  await writeBundle({ root, entry, file, mutant: null })
  const shares = Array.from({ length: PROCESSES }, (_, share) =>
    seeds.filter((_, i) => i % PROCESSES === share),
  )
  const findings = await Promise.all(shares.map((share) => searchSeeds(file, share)))
  return findings.find((finding) => finding !== null) ?? null
}

async function runMutant({ root, folder, entry, seeds }: Work, mutant: Mutant): Promise<Result> {
  const file = join(folder, `${mutant.name.replaceAll(/\W+/g, '-')}.mjs`)
  await writeBundle({ root, entry, file, mutant })
  const found = await searchSeeds(file, seeds)
  rmSync(file)
  console.log(
    found === null
      ? `${mutant.name}: SURVIVED`
      : `${mutant.name}: seed ${found.seed}, ${found.promise}: ${found.what.split('\n', 1)[0] ?? ''}`,
  )
  return { mutant, found }
}

/** The results in the order of the items, a few items at a time. */
async function atOnce<Item, Result>(
  width: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const next = items.entries()
  const lane = async (): Promise<void> => {
    for (const [index, item] of next) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: width }, lane))
  return results
}
