/** The workload's values, of every column kind: through the codecs and through a real Postgres. */
import { LandfallError, type ManifestColumn } from '@landfall/protocol'
import { codecFor } from '@landfall/schema/internal'
import { createRandom } from '@landfall/testkit'
import { invalidValue, randomValue } from '../src/index.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEveryKindApp, type EveryKindApp, sync } from './support/every-kind.ts'

const VALUES = 120

const COLUMNS = sync.manifest.tables
  .filter(({ name }) => name === 'specimens' || name === 'lists')
  .flatMap((table) => table.columns.map((column) => ({ table: table.name, column })))

const some = (column: ManifestColumn, seed = 1): (string | null)[] => {
  const random = createRandom(seed)
  return Array.from({ length: VALUES }, () => randomValue(column, random))
}

test.each(COLUMNS)('[T7] $table.$column.name: values pass the codec unchanged', ({ column }) => {
  const codec = codecFor(column.type)
  const values = some(column)
  expect(values.map((value) => codec.toWire(codec.fromWire(value)))).toEqual(values)
  expect(new Set(values).size).toBeGreaterThan(1)
  expect(values.includes(null)).toBe(column.nullable)
})

describe('on a real Postgres', () => {
  let app: EveryKindApp
  beforeAll(async () => {
    app = await createEveryKindApp()
  })
  afterAll(() => app.close())

  test.each(COLUMNS)(
    '[T7] $table.$column.name: Postgres takes the values as they are',
    async ({ column }) => {
      const { sql, kind } = column.type
      const values = some(column, 2)
      const rows = await app.database.transaction({ isolation: 'read committed', readOnly: true }, (tx) =>
        tx.query(
          `select (v::${sql})::text as printed from unnest($1::text[]) with ordinality t(v, n) order by n`,
          [values],
        ),
      )
      const printed = rows.map((row) => row['printed'])
      // Postgres writes a jsonb anew.
      expect(kind === 'jsonb' ? printed.map((text) => text === null) : printed).toEqual(
        kind === 'jsonb' ? values.map((text) => text === null) : values,
      )
    },
  )
})

test.each(COLUMNS)('[T7.3] $table.$column.name: an invalid value is refused at the commit', ({ column }) => {
  const codec = codecFor(column.type)
  for (let seed = 0; seed < 20; seed++) {
    const value = invalidValue(column, createRandom(seed))
    if (value === undefined) expect(['int8', 'bytea']).toContain(column.type.kind)
    else expect(() => codec.toWire(value)).toThrow(LandfallError)
  }
})
