/** What stood, step by step: changesets of one client, some of them rejected. */
import { expect, test } from 'vitest'
import { type ChangeBlock, type Changeset, changesetNumber, Standing, type WireValue } from '../src/index.ts'

type Values = { [column: string]: WireValue }

const changeset = (changes: ChangeBlock[]): Changeset => ({
  number: changesetNumber(1),
  hlc: '1',
  label: null,
  changes,
})
const block = (operation: ChangeBlock['operation'], id: string, [old, after]: [Values, Values]) => ({
  table: 'notes',
  operation,
  columns: Object.keys(operation === 'delete' ? old : after),
  keys: [[id]],
  old: operation === 'insert' ? [] : Object.values(old).map((value) => [value]),
  new: operation === 'delete' ? [] : Object.values(after).map((value) => [value]),
})
const edit = (from: WireValue, to: WireValue, id = '1') =>
  changeset([block('update', id, [{ title: from }, { title: to }])])
const remove = (old: Values) => changeset([block('delete', '1', [old, {}])])
const insert = (after: Values) => changeset([block('insert', '1', [{}, after])])
const oldOf = ({ changes }: Changeset) => changes.map(({ old }) => old.map(([value]) => value))

test('[P7.9] after rejected edits the next edit has seen the value that stood before them', () => {
  const standing = new Standing()
  standing.reject(edit('a', 'b'))
  const second = standing.rebase(edit('b', 'c'))
  expect(oldOf(second)).toEqual([['a']])
  standing.reject(second)
  const third = standing.rebase(edit('c', 'd'))
  expect(oldOf(third)).toEqual([['a']])
  standing.keep(third)
  expect(oldOf(standing.rebase(edit('d', 'c')))).toEqual([['d']])
  expect(oldOf(standing.rebase(edit('c', 'e')))).toEqual([['c']])
})

test('[P7.9] other rows, other columns and values from elsewhere stay as they are', () => {
  const standing = new Standing()
  standing.reject(edit('a', 'b'))
  for (const other of [edit('b', 'c', '2'), edit('x', 'c'), remove({ body: 'b' }), insert({ title: 'b' })])
    expect(standing.rebase(other)).toBe(other)
  expect(oldOf(standing.rebase(remove({ title: 'b', body: 'b' })))).toEqual([['a', 'b']])
})

test('[P7.9] a rejected NULL counts, and so does a rejected value over NULL', () => {
  const standing = new Standing()
  standing.reject(edit(null, 'b'))
  expect(oldOf(standing.rebase(edit('b', 'c')))).toEqual([[null]])
  standing.reject(edit('x', null, '2'))
  expect(oldOf(standing.rebase(edit(null, 'c', '2')))).toEqual([['x']])
})

test('[P7.9] a row whose deletion was rejected is updated; the other rows of the block are inserted', () => {
  const standing = new Standing()
  standing.reject(remove({ id: '1', title: 'a' }))
  const both: ChangeBlock = {
    table: 'notes',
    operation: 'insert',
    columns: ['id', 'title'],
    keys: [['2', '1']],
    old: [],
    new: [
      ['2', '1'],
      ['x', 'y'],
    ],
  }
  expect(standing.rebase(changeset([both])).changes).toEqual([
    { ...both, keys: [['2']], new: [['2'], ['x']] },
    { ...both, operation: 'update', keys: [['1']], old: [['1'], ['a']], new: [['1'], ['y']] },
  ])
})
