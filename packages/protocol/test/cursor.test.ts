import { createTestDatabase } from '@landfall/tools/postgres'
import fc from 'fast-check'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { decodeSnapshot, encodeSnapshot, isVisible } from '../src/index.ts'

const VISIBLE: [snapshot: string, xid: bigint, visible: boolean][] = [
  ['10:10:', 9n, true],
  ['10:10:', 10n, false],
  ['10:20:10,15', 9n, true],
  ['10:20:10,15', 10n, false],
  ['10:20:10,15', 11n, true],
  ['10:20:10,15', 15n, false],
  ['10:20:10,15', 19n, true],
  ['10:20:10,15', 20n, false],
  ['18446744073709551610:18446744073709551615:18446744073709551612', 18446744073709551612n, false],
]
test.each(VISIBLE)('[P6.3] in %s, %d is visible: %s', (text, xid, visible) => {
  expect(isVisible(decodeSnapshot(text), xid)).toBe(visible)
})

const snapshots = fc
  .tuple(fc.bigInt(1n, 50n), fc.uniqueArray(fc.bigInt(0n, 20n), { maxLength: 6 }), fc.bigInt(0n, 5n))
  .map(([xmin, offsets, gap]) => {
    const inProgress = offsets.map((offset) => xmin + offset).toSorted((a, b) => Number(a - b))
    return { xmin, xmax: (inProgress.at(-1) ?? xmin - 1n) + 1n + gap, inProgress }
  })

test('[P6.3] visibility agrees with Postgres for the same snapshot and xid', async () => {
  const database = await createTestDatabase()
  const sql = postgres(database.url, { max: 1 })
  const runs = fc.asyncProperty(snapshots, async (snapshot) => {
    const text = encodeSnapshot(snapshot)
    expect(decodeSnapshot(text)).toEqual(snapshot)
    const rows = await sql<{ xid: string; visible: boolean }[]>`
      SELECT xid::text AS xid, pg_visible_in_snapshot(xid::text::xid8, ${text}::text::pg_snapshot) AS visible
        FROM generate_series(1, 90) AS xid`
    expect(rows.map(({ xid }) => isVisible(snapshot, BigInt(xid)))).toEqual(
      rows.map(({ visible }) => visible),
    )
  })
  await fc.assert(runs, { numRuns: 50 })
  await sql.end()
  await database.drop()
})

const MALFORMED = [
  '',
  '10',
  '10:20',
  '10:20:15,',
  '20:10:',
  '0:10:',
  '10:20:9',
  '10:20:20',
  '10:20:15,12',
  '10:20:15,15',
  '-1:20:',
  '10:18446744073709551616:',
  "10:20:'; drop table x",
]
test.each(MALFORMED)('[P16] %o is no snapshot', (text) => {
  expect(() => decodeSnapshot(text)).toThrow(/bad_request/)
})
