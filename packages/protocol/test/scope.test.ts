import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeScopeKey, encodeScopeKey, EVERY_SCOPE, type ScopeKey } from '../src/index.ts'

const names = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,10}$/)

test('[P4.4] a scope key gives back any key, colons included', () => {
  fc.assert(
    fc.property(names, fc.string({ unit: 'binary' }), (scope, key) => {
      expect(decodeScopeKey(encodeScopeKey(scope, key))).toEqual({ scope, key })
    }),
  )
})

test('[P4.4] different scopes and keys never share a text', () => {
  fc.assert(
    fc.property(names, names, fc.string(), (a, b, key) => {
      fc.pre(a !== b)
      expect(encodeScopeKey(a, key)).not.toBe(encodeScopeKey(b, key))
    }),
  )
})

test.each(['', 'project', ':7', EVERY_SCOPE])('[P16] %o is no scope key', (text) => {
  expect(() => decodeScopeKey(text as ScopeKey)).toThrow(/bad_request/)
})
