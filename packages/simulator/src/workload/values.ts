/**
 * Any valid value of a column, in Postgres' own text, biased to the edges of its type.
 *
 * The generators give what SQLite stores; the column's codec then writes the canonical text, so that a plan's literal,
 * the mirror and Postgres name the same value. json and jsonb keep the spelling they are written in: Postgres
 * rewrites a jsonb, which is one more thing that sync must get right.
 */
import type { ColumnKind, ColumnType, ManifestColumn, WireValue } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import { codecFor } from '@landfall/schema/internal'
import type { SeededRandom } from '@landfall/testkit'
import { chance, pick } from './chance.ts'
import { arrayLiteral, bytes, json } from './documents.ts'
import { float4, float8, integer, integer8, numeric } from './numbers.ts'
import { boundedText, text } from './texts.ts'
import { date, interval, time, timestamp, timestamptz } from './times.ts'

const NULL_ODDS = 0.15
const UUIDS = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff']

const GENERATORS: Record<ColumnKind, (type: ColumnType, random: SeededRandom) => SqliteValue> = {
  bool: (_, random) => random.below(2),
  int2: integer(16),
  int4: integer(32),
  int8: integer8,
  float4,
  float8,
  numeric,
  text,
  varchar: boundedText,
  char: boundedText,
  uuid: (_, random) => (chance(0.1, random) ? pick(UUIDS, random) : random.uuid()),
  enum: (type, random) => pick(type.labels ?? [], random),
  date,
  time,
  timestamp,
  timestamptz,
  interval,
  json,
  jsonb: json,
  bytea: bytes,
  // Of the types that only Postgres checks, the workload knows inet.
  opaque: (_, random) => `10.0.${random.below(4)}.${random.below(256)}/${24 + random.below(9)}`,
}

/** A value that Postgres takes for the column, NULL included where it may be. */
export function randomValue(column: ManifestColumn, random: SeededRandom): WireValue {
  if (column.nullable && chance(NULL_ODDS, random)) return null
  const { type } = column
  const codec = codecFor(type)
  return codec.toWire(type.array ? arrayOf(type, random) : GENERATORS[type.kind](type, random))
}

function arrayOf(type: ColumnType, random: SeededRandom): string {
  const element: ColumnType = { ...type, sql: type.sql.replace(/\[\]$/, ''), array: false }
  const codec = codecFor(element)
  return arrayLiteral(
    () => (chance(NULL_ODDS, random) ? null : codec.toWire(GENERATORS[type.kind](element, random))),
    random,
  )
}
