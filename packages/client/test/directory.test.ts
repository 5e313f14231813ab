import fc from 'fast-check'
import { expect, test } from 'vitest'
import { directoryOf } from '../src/worker/directory.ts'

const name = fc.string({ minLength: 1, maxLength: 20, unit: 'binary' })

test('[P15] different databases never share a directory, even on file systems that fold case', () => {
  fc.assert(
    fc.property(name, name, (a, b) => {
      const [one, other] = [directoryOf(a), directoryOf(b)]
      expect(one).toMatch(/^landfall\/[a-z0-9_%-]+$/)
      expect(one === other).toBe(a === b)
    }),
  )
})

test('[P12] a database name that is empty or too long is refused', () => {
  for (const name of ['', 'ü'.repeat(100)]) expect(() => directoryOf(name)).toThrow(/name_invalid/)
})
