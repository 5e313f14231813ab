/** Rows that a world begins with: drawn once, the same for all seeds, so that work meets something from the first step. */
import { planForeign } from '../workload/foreign.ts'
import { kindsOf, type Weights } from '../workload/weights.ts'
import type { Workload } from '../workload/workload.ts'
import { createRandom } from '@landfall/testkit'

/** One statement each; those that break a constraint are to be left out. */
export function populating(workload: Workload, count: number): string[] {
  const random = createRandom(0).fork('populate')
  const weights = { ...workload.weights }
  for (const kind of kindsOf(weights)) weights[kind] = 0
  const inserting: Weights = { ...weights, insertMany: 1, family: 1 }
  return Array.from({ length: count }, () =>
    planForeign({ ...workload, weights: inserting }, random),
  ).flatMap(({ statements }) => statements)
}
