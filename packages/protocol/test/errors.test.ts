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
  const error = new LandfallError(code, { table: 'checks', key: ['7'], nested: { a: [1, null] } })
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
  const odd = new LandfallError('internal', { count: 7n, cause: new Error('why'), call: () => 1 })
  expect(encodeError(odd).details).toEqual({ count: '7', cause: 'why' })
  expect(encodeError(new LandfallError('internal', circular)).code).toBe('internal')
})

test('[P12] what is not a LandfallError becomes internal, with its cause', () => {
  expect(encodeError(new TypeError('x is undefined'))).toMatchObject({
    code: 'internal',
    details: { cause: 'x is undefined' },
  })
  expect(encodeError('just text').details).toEqual({ cause: 'just text' })
})

test('[P12] a code of a newer version is kept for people to read', () => {
  const data = { code: 'from_the_future', message: 'later', details: { a: 1 } } as unknown as ErrorData
  expect(decodeError(data)).toMatchObject({
    code: 'internal',
    details: { a: 1, unknownCode: 'from_the_future', unknownMessage: 'later' },
  })
  expect(decodeError({ code: 'offline' } as ErrorData).code).toBe('offline')
})

test('[P12] the message says the code, what happened and the details, and is bounded', () => {
  const error = new LandfallError('unique_violation', { table: 'checks', text: 'x'.repeat(5000) })
  expect(error.message).toMatch(/^unique_violation: Another row already has this value\. \{"table":"checks"/)
  expect(error.message.length).toBeLessThan(700)
})
