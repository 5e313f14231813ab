/**
 * A plan as a JSON file, one step a line, so that a failing plan can be kept, edited and compared.
 *
 * JSON has no bigint, no bytes and only finite numbers; an SQL parameter may be any of them. Those are written as an
 * object with one name (`{"$bigint": "1"}`), and come back exactly: a plan that changes on its way is another plan.
 */
import { BadInput } from './bad-input.ts'
import { findMistake } from './plan-shape.ts'
import type { Plan } from './plan.ts'

export function formatPlan({ steps, ...head }: Plan): string {
  const fields = Object.entries(head).map(([name, value]) => `  ${JSON.stringify(name)}: ${inline(value)},\n`)
  const lines = steps.map((step) => `\n    ${inline(step)}`)
  return `{\n${fields.join('')}  "steps": [${lines.join(',')}\n  ]\n}\n`
}

export function parsePlan(text: string): Plan {
  const value = parse(text)
  const mistake = findMistake(value)
  if (mistake !== undefined) throw new BadInput(`This is no plan: ${mistake}.`)
  return value as Plan
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) => unmarked(value))
  } catch (error) {
    throw new BadInput(`This is no plan: ${error instanceof Error ? error.message : String(error)}.`)
  }
}

const inline = (value: unknown): string => JSON.stringify(marked(value))

function marked(value: unknown): unknown {
  if (typeof value === 'bigint') return { $bigint: String(value) }
  if (typeof value === 'number') return isPlain(value) ? value : { $number: numberName(value) }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('hex') }
  if (Array.isArray(value)) return value.map(marked)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, marked(inner)]))
}

const isPlain = (value: number): boolean => Number.isFinite(value) && !Object.is(value, -0)
const numberName = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

function unmarked(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const [[name, text] = [], ...others] = Object.entries(value)
  if (others.length > 0 || typeof text !== 'string') return value
  if (name === '$bigint') return BigInt(text)
  if (name === '$number') return Number(text)
  if (name === '$bytes') return new Uint8Array(Buffer.from(text, 'hex'))
  return value
}
