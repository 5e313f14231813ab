import { LandfallError } from '@landfall/protocol'
import fc, { type Arbitrary } from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SqliteValue } from '@landfall/schema'
import { type Codec, codecFor } from '@landfall/schema/internal'
import { garbageFor } from './support/garbage.ts'
import { type Casts, openPglite, openPostgres } from './support/casts.ts'
import { ARRAY_SAMPLES, LABELS, SAMPLES } from './support/samples.ts'

/** Many values travel in one query. */
const batches = (values: Arbitrary<SqliteValue>): Arbitrary<SqliteValue[]> =>
  fc.array(values, { size: 'max', minLength: 50, maxLength: 100 })

/** The wire texts of the values that the codec takes; the others must be refused with the right code. */
function accepted(codec: Codec, values: SqliteValue[]): string[] {
  return values.flatMap((value) => {
    try {
      return codec.toWire(value) ?? []
    } catch (error) {
      if (error instanceof LandfallError && error.code === 'value_invalid') return []
      throw error
    }
  })
}

const ALL = [...SAMPLES, ...ARRAY_SAMPLES]
/** jsonb is normalised by Postgres alone. */
const CANONICAL = ALL.filter(({ type }) => type.kind !== 'jsonb')
const DATABASES = [
  { database: 'Postgres', open: openPostgres, numRuns: 20 },
  { database: 'PGlite', open: openPglite, numRuns: 4 },
]

describe.each(DATABASES)('on $database', ({ open, numRuns }) => {
  let casts: Casts
  beforeAll(async () => {
    casts = await open()
    const labels = LABELS.map((label) => `'${label.replaceAll("'", "''")}'`).join(', ')
    await casts.run(`create type "mood of day" as enum (${labels})`)
  })
  afterAll(() => casts.close())

  test.each(ALL)(
    '[P13] what is printed of $type.sql is stored and sent back unchanged',
    async ({ type, values }) => {
      const codec = codecFor(type)
      const runs = fc.asyncProperty(batches(values), async (batch) => {
        const wires = batch.map((value) => codec.toWire(value))
        const printed = await casts.print(type.sql, wires)
        expect(printed.map((text) => codec.toWire(codec.fromWire(text)))).toEqual(printed)
        expect(wires.map((text) => codec.toWire(codec.fromWire(text)))).toEqual(wires)
        expect(await casts.countDistinct(type.sql, wires, printed)).toBe(0)
      })
      await fc.assert(runs, { numRuns })
    },
  )

  test.each(ALL)('[P13.4] a spelling of $type.sql means the same to both', async ({ type, values }) => {
    const codec = codecFor(type)
    const runs = fc.asyncProperty(batches(values), async (batch) => {
      const spelled = batch.map((value) => (typeof value === 'string' ? value : codec.toWire(value)))
      const wires = batch.map((value) => codec.toWire(value))
      expect(await casts.print(type.sql, spelled)).toEqual(await casts.print(type.sql, wires))
    })
    await fc.assert(runs, { numRuns })
  })

  test.each(ALL)('[P13.4] whatever the codec of $type.sql takes is taken', async ({ type, values }) => {
    const codec = codecFor(type)
    const runs = fc.asyncProperty(batches(garbageFor({ type, values })), async (batch) => {
      const wires = accepted(codec, batch)
      const printed = await casts.print(type.sql, wires)
      expect(wires.map((text) => codec.toWire(codec.fromWire(text)))).toEqual(wires)
      expect(await casts.countDistinct(type.sql, wires, printed)).toBe(0)
    })
    await fc.assert(runs, { numRuns })
  })

  test.each(CANONICAL)('[P13.4] the wire text of $type.sql is what is printed', async ({ type, values }) => {
    const codec = codecFor(type)
    const anything = fc.oneof(values, garbageFor({ type, values }))
    const runs = fc.asyncProperty(batches(anything), async (batch) => {
      const wires = accepted(codec, batch)
      expect(wires).toEqual(await casts.print(type.sql, wires))
    })
    await fc.assert(runs, { numRuns })
  })
})
