import { LandfallError } from '@landfall/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Codec, codecFor, type SqliteValue } from '../src/index.ts'
import { garbageFor } from './support/garbage.ts'
import { type Casts, openCasts } from './support/postgres.ts'
import { ARRAY_SAMPLES, LABELS, SAMPLES } from './support/samples.ts'

let casts: Casts

beforeAll(async () => {
  casts = await openCasts()
  const labels = LABELS.map((label) => `'${label.replaceAll("'", "''")}'`).join(', ')
  await casts.run(`create type "mood of day" as enum (${labels})`)
})
afterAll(() => casts.close())

/** The wire text, or undefined when the codec refuses the value. */
function accepted(codec: Codec, value: SqliteValue): string | undefined {
  try {
    return codec.toWire(value) ?? undefined
  } catch (error) {
    expect(error).toBeInstanceOf(LandfallError)
    expect((error as LandfallError).code).toBe('value_invalid')
    return undefined
  }
}

/** jsonb is normalised by Postgres alone; every other wire text is already what Postgres prints. */
const isCanonical = (kind: string): boolean => kind !== 'jsonb'

describe.each([...SAMPLES, ...ARRAY_SAMPLES])('$type.sql', ({ type, values }) => {
  const codec = codecFor(type)

  test('[P13] a value goes to Postgres and back unchanged', async () => {
    const runs = fc.asyncProperty(
      fc.array(values, { minLength: 50, maxLength: 100, size: 'max' }),
      async (batch) => {
        const wires = batch.map((value) => codec.toWire(value))
        const printed = await casts.print(type.sql, wires)
        const back = printed.map((text) => codec.toWire(codec.fromWire(text)))
        expect(back).toEqual(printed)
        if (isCanonical(type.kind)) expect(wires).toEqual(printed)
        else expect(await casts.print(type.sql, printed)).toEqual(printed)
        for (const wire of wires) expect(codec.toWire(codec.fromWire(wire))).toBe(wire)
        const spelled = batch.map((value) => (typeof value === 'string' ? value : null))
        const read = await casts.print(type.sql, spelled)
        expect(read).toEqual(spelled.map((text, i) => (text === null ? null : printed[i])))
      },
    )
    await fc.assert(runs, { numRuns: 20 })
  })

  test('[P13.4] of any values, what the codec accepts Postgres accepts unchanged', async () => {
    const runs = fc.asyncProperty(
      fc.array(garbageFor({ type, values }), { size: 'max', minLength: 50, maxLength: 100 }),
      async (batch) => {
        const wires = batch.map((value) => accepted(codec, value)).filter((wire) => wire !== undefined)
        const printed = await casts.print(type.sql, wires)
        if (isCanonical(type.kind)) expect(wires).toEqual(printed)
        for (const wire of wires) expect(codec.toWire(codec.fromWire(wire))).toBe(wire)
      },
    )
    await fc.assert(runs, { numRuns: 20 })
  })
})
