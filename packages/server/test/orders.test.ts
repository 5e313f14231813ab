/** In which orders a changeset is tried again. */
import { changesetNumber, type Step } from '@landfall/protocol'
import { expect, test } from 'vitest'
import { checkChangeset } from '../src/push/check/check-changeset.ts'
import type { ForeignKey } from '../src/push/order/foreign-keys.ts'
import { type Move, ordersOf } from '../src/push/order/orders.ts'
import { type Change, insert, remove, toBlock, update } from './support/push-world.ts'
import { shop } from './support/shop.ts'

const KEY: ForeignKey = {
  child: 'items',
  parent: 'projects',
  columns: ['project_id'],
  loose: null,
  restricts: false,
  cascades: false,
}

/** The orders, each as the blocks in it; a block with values in between is in brackets. */
function orders(changes: Change[], blocks: number[], foreignKeys: ForeignKey[]): string[] {
  const steps: Step[] = blocks.map((block) => ({ block, row: 0, count: 1 }))
  const changeset = {
    number: changesetNumber(1),
    hlc: '1',
    label: null,
    changes: changes.map(toBlock),
    steps,
  }
  const checked = checkChangeset(shop.manifest, changeset, 0)
  const told = ({ block, values }: Move): string => (values === null ? `${block}` : `(${block})`)
  return ordersOf(checked, { tables: shop.manifest.tables, foreignKeys }).map((moves) =>
    moves.map(told).join(' '),
  )
}

const CHANGES = [
  remove('projects', { id: '1' }),
  remove('items', { id: '1' }),
  update('items', { id: '2' }, { slug: ['a', 'b'] }),
]

test('[P2.4] the order of the steps comes first, then the deletes', () => {
  expect(orders(CHANGES, [0, 1, 2], [KEY])).toEqual(['0 1 2', '1 0 2'])
})

test('[P7.3] a child that is deleted, too, goes before its parent would take it along', () => {
  expect(orders(CHANGES, [0, 1, 2], [{ ...KEY, cascades: true }])).toEqual(['1 0 2'])
})

test('[P2.4] references inside a cycle are empty until all rows are there, and before one goes', () => {
  const self = { ...KEY, child: 'items', parent: 'items', columns: ['low'], loose: 'low' }
  const changes = [
    insert('items', { id: '1', project_id: '1', low: '2' }),
    update('items', { id: '3' }, { low: ['1', '2'] }),
    remove('items', { id: '4' }, { low: '1' }),
  ]
  expect(orders(changes, [0, 1, 2], [self])).toContain('(2) (0) 1 2 0')
})

test('[P2.5] a row alone has no other order', () => {
  expect(orders([insert('items', { id: '1', project_id: '1' })], [0], [KEY])).toEqual([])
})
