import { LandfallError } from '@landfall/protocol'
import { expect, test } from 'vitest'
import { createCalls } from '../src/link/calls.ts'
import { attempt, valueOf } from '../src/link/outcome.ts'

const never = (): Promise<string> => new Promise(() => {})
const failed = new LandfallError('worker_failed', { cause: 'gone' })

test('[P12.1] a failure rejects the calls under way, and all later ones without making them', async () => {
  const calls = createCalls()
  const hanging = [calls.run(never), calls.run(never)]
  expect(await calls.run(async () => 'answered')).toBe('answered')
  calls.fail(failed)
  calls.fail(new LandfallError('database_closed'))
  for (const call of hanging) await expect(call).rejects.toBe(failed)
  let made = false
  const later = calls.run(async () => (made = true))
  await expect(later).rejects.toBe(failed)
  expect(made).toBe(false)
})

test('[P12] an error crosses as data and comes out whole', async () => {
  const error = new LandfallError('value_invalid', { table: 'notes', key: ['1'], column: 'id' })
  const outcome = structuredClone(await attempt(() => Promise.reject(error)))
  expect(() => valueOf(outcome)).toThrowError(error)
  expect(outcome).toMatchObject({ ok: false, error: { code: 'value_invalid', details: error.details } })
  expect(valueOf(await attempt(() => 7))).toBe(7)
  expect(await attempt(() => Promise.reject(new Error('a bug')))).toMatchObject({
    error: { code: 'internal' },
  })
})
