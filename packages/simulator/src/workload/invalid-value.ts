/**
 * Values that the mirror's STRICT table stores and that the local commit must refuse with `value_invalid`, because
 * Postgres would not take them or would change them. Kinds whose every storable value is valid have none.
 */
import type { ColumnKind, ManifestColumn } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { SeededRandom } from '@landfall/testkit'
import { pick } from './chance.ts'
import { typmodOf } from './numbers.ts'

const INVALID: Partial<Record<ColumnKind, readonly SqliteValue[]>> = {
  bool: [2, -1],
  int2: [2 ** 15, -(2 ** 15) - 1],
  int4: [2 ** 31, -(2 ** 31) - 1],
  float4: [1e39, 1e-60, 'many'],
  float8: ['many', '1e999', ''],
  numeric: ['many', '1,5', '', '0x10'],
  text: ['nul \0 inside'],
  varchar: ['nul \0 inside'],
  char: ['nul \0 inside'],
  uuid: ['not a uuid', '', '00000000-0000-0000-0000-00000000000g'],
  enum: ['no such label', '\0'],
  date: ['2023-02-29', 'tomorrow', ''],
  time: ['25:00:00', 'noon'],
  timestamp: ['2023-02-29 00:00:00', 'now'],
  timestamptz: ['2023-02-29 00:00:00+00', '2024-01-01 00:00:00+99', 'now'],
  interval: ['a while', ''],
  json: ['{', "{'a':1}", ''],
  jsonb: ['{', '"\\u0000"', '1e999999'],
}

/** undefined where every value that can be stored is valid (int8, bytea). */
export function invalidValue(column: ManifestColumn, random: SeededRandom): SqliteValue | undefined {
  const { kind, array, length } = column.type
  if (array) return pick(['{', 'a,b', '{{1},{2,3}}', ''], random)
  const known = INVALID[kind] ?? []
  const typmod = kind === 'numeric' ? typmodOf(column.type) : null
  const more: SqliteValue[] = []
  if (length !== undefined) more.push('x'.repeat(length + 1))
  if (typmod !== null) more.push(`1${'0'.repeat(Math.max(0, typmod.precision - typmod.scale))}`)
  const candidates = [...known, ...more]
  return candidates.length === 0 ? undefined : pick(candidates, random)
}
