import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  CATALOGUE,
  decodeError,
  encodeError,
  type ErrorCode,
  type ErrorData,
  LandfallError,
} from '../src/index.ts'

const codes = Object.keys(CATALOGUE) as ErrorCode[]

test.each(codes)('[P12] %s arrives whole over JSON and structured clone', (code) => {
  const error = decodeError({
    code,
    message: '',
    details: { table: 'checks', key: ['7'], nested: { a: [1, null] } },
  })
  for (const carry of [(data: ErrorData) => JSON.parse(JSON.stringify(data)) as ErrorData, structuredClone]) {
    const arrived = decodeError(carry(encodeError(error)))
    expect(arrived).toBeInstanceOf(LandfallError)
    for (const field of ['name', 'code', 'message', 'details', 'category', 'retryable'] as const)
      expect(arrived[field]).toEqual(error[field])
  }
})

test('[P12] details that JSON cannot carry do not break the error', () => {
  const circular: { [name: string]: unknown } = { table: 'checks' }
  circular['self'] = circular
  const odd = decodeError({
    code: 'internal',
    message: '',
    details: { count: 7n, cause: new Error('why'), call: () => 1 },
  })
  expect(encodeError(odd).details).toEqual({ count: '7', cause: 'why' })
  expect(encodeError(decodeError({ code: 'internal', message: '', details: circular })).code).toBe('internal')
})

test('[P12] any other thrown value becomes `internal`, with its cause', () => {
  expect(encodeError(new TypeError('x is undefined'))).toMatchObject({
    code: 'internal',
    details: { cause: 'x is undefined' },
  })
  expect(encodeError('just text').details).toEqual({ cause: 'just text' })
})

test('[P12] a code of a newer version stays readable in the details', () => {
  const data = { code: 'from_the_future', message: 'later', details: { a: 1 } } as unknown as ErrorData
  expect(decodeError(data)).toMatchObject({
    code: 'internal',
    details: { a: 1, unknownCode: 'from_the_future', unknownMessage: 'later' },
  })
  expect(decodeError({ code: 'offline' } as ErrorData).code).toBe('offline')
})

test('[P12] the message says the code, what happened and the details, and is bounded', () => {
  const error = new LandfallError('unique_violation', { table: 'checks', constraint: 'x'.repeat(5000) })
  expect(error.message).toMatch(/^unique_violation: Another row already has this value\. \{"table":"checks"/)
  expect(error.message.length).toBeLessThan(700)
})

test('[P12.7] docs/errors.md has a section for each code, with what the code says, and for no other', () => {
  const docs = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
  const sections = new Map(
    docs
      .split(/^#{2,3} /m)
      .map((section) => [section.split('\n', 1)[0] ?? '', section.replaceAll(/\s+/g, ' ')] as const)
      .filter(([title]) => /^\w+$/.test(title) && title !== 'Errors' && /^[a-z]/.test(title)),
  )
  expect([...sections.keys()].sort()).toEqual([...codes].sort())
  for (const code of codes) expect(sections.get(code)).toContain(CATALOGUE[code].message)
})
