import { expect, test } from 'vitest'
import { type ColumnFacts, type Decision, decideColumn, hlc, type Policy } from '../src/index.ts'

const EARLY = hlc(100n)
const NOON = hlc(200n)
const LATE = hlc(300n)

/** Postgres holds a third value, written by somebody else at noon; the client's edit came later. */
const CONFLICT: ColumnFacts = {
  currentIsOld: false,
  currentIsNew: false,
  currentIsMine: false,
  currentHlc: NOON,
  newHlc: LATE,
  horizonHlc: EARLY,
}
const POLICIES: Policy[] = [
  'last-write',
  'first-write',
  'review',
  'counter',
  'max',
  'min',
  'set',
  'text',
  'custom',
]

test.each(POLICIES)('[P14] %s: what nobody else has changed is written', (policy) => {
  expect(decideColumn(policy, { ...CONFLICT, currentIsOld: true })).toBe('write')
})

test.each(POLICIES)(
  '[P14] %s: a value that is there already is not written again, but counters count both',
  (policy) => {
    const expected: Decision = policy === 'counter' ? 'merge' : 'nothing'
    expect(decideColumn(policy, { ...CONFLICT, currentIsNew: true })).toBe(expected)
  },
)

test.each(POLICIES)(
  '[P14] %s: what the same client wrote before is no conflict, but it may be a merge, and merges go on',
  (policy) => {
    const simple: Policy[] = ['last-write', 'first-write', 'review']
    const expected: Decision = simple.includes(policy) ? 'write' : 'merge'
    expect(decideColumn(policy, { ...CONFLICT, currentIsMine: true })).toBe(expected)
  },
)

const DECIDED: [policy: Policy, decision: Decision][] = [
  ['last-write', 'mine'],
  ['first-write', 'theirs'],
  ['review', 'theirs'],
  ['counter', 'merge'],
  ['max', 'merge'],
  ['min', 'merge'],
  ['set', 'merge'],
  ['text', 'merge'],
  ['custom', 'merge'],
]
test.each(DECIDED)('[P14] %s: a conflict ends as %s', (policy, decision) => {
  expect(decideColumn(policy, CONFLICT)).toBe(decision)
})

const ORDERS: [name: string, facts: Partial<ColumnFacts>, decision: Decision][] = [
  ['edited later', { newHlc: LATE, currentHlc: NOON }, 'mine'],
  ['edited earlier, arrived later', { newHlc: NOON, currentHlc: LATE }, 'theirs'],
  ['edited at the same stamp', { newHlc: NOON, currentHlc: NOON }, 'theirs'],
  ['current older than the log, edit younger', { newHlc: LATE, currentHlc: null }, 'mine'],
  ['current older than the log, edit older too', { newHlc: hlc(50n), currentHlc: null }, 'theirs'],
  ['current older than the log, edit at its horizon', { newHlc: EARLY, currentHlc: null }, 'theirs'],
]
test.each(ORDERS)('[P14] last-write: %s', (_, facts, decision) => {
  expect(decideColumn('last-write', { ...CONFLICT, ...facts })).toBe(decision)
})
