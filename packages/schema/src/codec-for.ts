/**
 * The codec of a column type: one table from kind to codec, arrays around it.
 *
 * A codec depends on nothing but the type, so callers make it once per column and keep it.
 */
import type { ColumnKind, ColumnType } from '@landfall/protocol'
import type { Codec } from './codec.ts'
import { arrayCodec } from './codecs/array.ts'
import { byteaCodec } from './codecs/bytea.ts'
import { dateCodec, timeCodec, timestampCodec, timestamptzCodec } from './codecs/date-time.ts'
import { floatCodec } from './codecs/float.ts'
import { boolCodec, int8Codec, smallIntegerCodec } from './codecs/integer.ts'
import { intervalCodec } from './codecs/interval.ts'
import { jsonCodec } from './codecs/json.ts'
import { numericCodec } from './codecs/numeric.ts'
import { charCodec, enumCodec, textCodec, varcharCodec } from './codecs/text.ts'
import { uuidCodec } from './codecs/uuid.ts'

const CODECS: Record<ColumnKind, (type: ColumnType) => Codec> = {
  bool: boolCodec,
  int2: (type) => smallIntegerCodec('int2', type),
  int4: (type) => smallIntegerCodec('int4', type),
  int8: int8Codec,
  float4: (type) => floatCodec('float4', type),
  float8: (type) => floatCodec('float8', type),
  numeric: numericCodec,
  text: textCodec,
  varchar: varcharCodec,
  char: charCodec,
  uuid: uuidCodec,
  enum: enumCodec,
  date: dateCodec,
  time: timeCodec,
  timestamp: timestampCodec,
  timestamptz: timestamptzCodec,
  interval: intervalCodec,
  json: (type) => jsonCodec('json', type),
  jsonb: (type) => jsonCodec('jsonb', type),
  bytea: byteaCodec,
  opaque: textCodec,
}

/** The exact codec of a column; see `Codec`. */
export function codecFor(type: ColumnType): Codec {
  const codec = CODECS[type.kind](type)
  return type.array ? arrayCodec(type, codec) : codec
}
