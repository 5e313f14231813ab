/**
 * Random legal transactions, in Postgres as written and through a device: the same rows, and nothing refused.
 *
 * A seed draws a world's transactions; Postgres leaves out the statements that it refuses where they stand. A failing
 * seed prints itself and runs again alone by `ORDER_SEEDS=n`; `ORDER_RUNS=n` draws more transactions of each, `ORDER_LENGTH=n` longer ones.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { statements } from './support/legal-statements.ts'
import { createOrderWorld, DEFERRABLE, type OrderWorld } from './support/ordering.ts'

const RUNS = Number(process.env['ORDER_RUNS'] ?? 25)
const SEEDS = (process.env['ORDER_SEEDS'] ?? `1,${1 + Math.floor(Math.random() * 1e9)}`)
  .split(',')
  .map(Number)

type Refused = { transaction: string[]; errors: unknown[] }
type Tally = { legal: number; statements: number; refused: Refused[] }

const worlds = SEEDS.flatMap((seed) => DEFERRABLE.map((deferrable) => ({ seed, deferrable })))

test.each(worlds)(
  '[P2.4] seed $seed, constraints $deferrable: legal transactions arrive',
  async ({ seed, deferrable }) => {
    const world = await createOrderWorld(deferrable)
    try {
      const tally: Tally = { legal: 0, statements: 0, refused: [] }
      for (const transaction of fc.sample(statements, { seed, numRuns: RUNS }))
        await both(world, transaction, tally)
      console.log(
        `seed ${seed}: ${tally.legal} legal transactions of ${tally.statements} statements, ${tally.refused.length} without an order`,
      )
      expect(tally.legal).toBeGreaterThan(RUNS / 6)
      expect(tally.refused).toEqual([])
    } finally {
      await world.close()
    }
  },
  600_000,
)

async function both(world: OrderWorld, drawn: string[], tally: Tally): Promise<void> {
  const before = await world.rows('twin')
  const transaction = await world.asWritten(drawn)
  if (transaction === null || transaction.length === 0) return
  tally.legal++
  tally.statements += transaction.length
  const errors = await world.throughDevice(transaction)
  const [ours, theirs] = [await world.rows('public'), await world.rows('twin')]
  if (errors.length > 0) {
    tally.refused.push({ transaction, errors })
    await world.level()
  } else expect({ before, transaction, rows: ours }).toEqual({ before, transaction, rows: theirs })
}
