/** Which changesets of a push may be written together. */
import { changesetNumber, hlcFromTime } from '@landfall/protocol'
import { expect, test } from 'vitest'
import { type CheckedChangeset, rowIdsOf } from '../src/push/batch.ts'
import { checkChangeset } from '../src/push/check/check-changeset.ts'
import { splitRuns } from '../src/push/runs.ts'
import { type Change, insert, remove, toBlock, update } from './support/push-world.ts'
import { shop } from './support/shop.ts'

function checked(changes: Change[], i: number): CheckedChangeset {
  const changeset = { number: changesetNumber(i + 1), hlc: hlcFromTime(i).toString(), label: null }
  return checkChangeset(shop.manifest, { ...changeset, changes: changes.map(toBlock) }, 1e12)
}

const write = (id: string) => [insert('items', { id, project_id: '1' })]
const change = (id: string) => [update('items', { id }, { title: ['a', 'b'] })]
const drop = (id: string) => [remove('items', { id })]
const join = (id: string) => [insert('members', { project_id: id, user_id: 'ann' })]
const empty: Change[] = []

const CASES: [name: string, changesets: Change[][], lengths: number[]][] = [
  ['no changesets', [], []],
  ['different rows', [write('1'), change('2'), empty, write('3')], [4]],
  ['the same row again', [write('1'), write('2'), change('1'), change('2')], [2, 2]],
  ['the same row every time', [write('1'), change('1'), change('1')], [1, 1, 1]],
  ['a write after a delete', [write('1'), drop('2'), drop('3'), write('4')], [3, 1]],
  ['a delete with a write', [[...drop('1'), ...write('2')], drop('3'), change('4')], [2, 1]],
  ['after a change of membership', [write('1'), join('1'), write('2'), write('3')], [2, 2]],
]

test.each(CASES)('[P2.2] runs end where order matters: %s', (_, changesets, lengths) => {
  const given = changesets.map(checked)
  const runs = splitRuns(given, new Set(['members']))
  expect(runs.map((run) => run.length)).toEqual(lengths)
  expect(runs.flat()).toEqual(given)
})

test('[P2.2] keys of different tables and columns are not taken for one another', () => {
  const id = (table: string, key: string[]) => rowIdsOf({ table, keys: key.map((value) => [value]) })[0]
  expect(id('a', ['1', '2'])).not.toBe(id('a', ['1,2']))
  expect(id('a', ['1"', '2'])).not.toBe(id('a', ['1', '"2']))
  expect(id('a', ['1'])).not.toBe(id('b', ['1']))
})
