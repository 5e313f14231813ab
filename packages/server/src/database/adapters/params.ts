/** Parameters as text: what goes to Postgres is never left to a driver's own idea of a type. */
import type { Param } from '../database.ts'

export function encodeParam(value: Param): string | null {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return `${value}`
  return encodeTextArray(value)
}

/** The array literal of one-dimensional text: `{"a","b\\"c",NULL}`. */
export function encodeTextArray(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : quoteElement(value))).join(',')}}`
}

function quoteElement(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
