/**
 * The n-th value of a column: the same for the same name and number, and another for another number.
 *
 * Pools of keys are made of these, so that two programs with nothing in common but the manifest write the same rows.
 * Small types run out (a bool after two). Keys carry what keys are tested for: int8 beyond 2^53, quotes, accents.
 */
import type { ColumnKind, ColumnType, WireValue } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import { codecFor } from '@landfall/schema/internal'
import { createRandom } from '@landfall/testkit'
import { typmodOf } from './numbers.ts'

const DAY_MS = 86_400_000
const DAYS = 20_000
const SECONDS = 86_400

type Derive = (type: ColumnType, name: string, n: number) => SqliteValue

const DERIVE: Record<ColumnKind, Derive> = {
  bool: (_, __, n) => n % 2,
  int2: (_, __, n) => n % 2 ** 15,
  int4: (_, __, n) => n % 2 ** 31,
  int8: (_, __, n) => (n % 2 === 0 ? n : 2n ** 53n + BigInt(n)),
  float4: (_, __, n) => Math.fround(n),
  float8: (_, __, n) => n,
  numeric: (type, _, n) => numericText(type, n),
  text: (_, name, n) => textOf(name, n),
  varchar: fittingText,
  char: fittingText,
  uuid: (_, name, n) => createRandom(n).fork(name).uuid(),
  enum: (type, _, n) => type.labels?.[n % type.labels.length] ?? null,
  date: (_, __, n) => isoOf((n % DAYS) * DAY_MS).slice(0, 10),
  time: (_, __, n) => isoOf((n % SECONDS) * 1000).slice(11, 19),
  timestamp: (_, __, n) => isoOf(n * 1000).slice(0, 19),
  timestamptz: (_, __, n) => `${isoOf(n * 1000).slice(0, 19)}Z`,
  interval: (_, __, n) => `${n} seconds`,
  json: (_, __, n) => `${n}`,
  jsonb: (_, __, n) => `${n}`,
  opaque: (_, __, n) => `10.${(n >>> 16) % 256}.${(n >>> 8) % 256}.${n % 256}`,
  bytea: (_, __, n) => Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n),
}

/** `n` from 0 to 2^31. */
export function derivedValue(type: ColumnType, name: string, n: number): WireValue {
  if (!type.array) return codecFor(type).toWire(DERIVE[type.kind](type, name, n))
  const element = derivedValue({ ...type, sql: type.sql.replace(/\[\]$/, ''), array: false }, name, n)
  return codecFor(type).toWire(`{"${(element ?? '').replace(/["\\]/g, '\\$&')}"}`)
}

const isoOf = (millis: number): string => new Date(millis).toISOString()

function numericText(type: ColumnType, n: number): string {
  const { precision, scale } = typmodOf(type) ?? { precision: 10, scale: 0 }
  const whole = precision - Math.max(scale, 0)
  if (whole <= 0) return `0.${`${n % 10 ** Math.min(precision, 9)}`.padStart(scale, '0')}`
  return `${n % 10 ** Math.min(whole, 10)}${'0'.repeat(Math.max(0, -scale))}`
}

function textOf(name: string, n: number): string {
  if (n % 3 === 1) return `${name}'s "${n}"`
  return n % 3 === 2 ? `${name}\\é:${n}` : `${name}-${n}`
}

function fittingText(type: ColumnType, name: string, n: number): string {
  const full = textOf(name, n)
  const length = type.length ?? full.length
  return full.length <= length ? full : n.toString(36).padStart(length, '0').slice(-length)
}
