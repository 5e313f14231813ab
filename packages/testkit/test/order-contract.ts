/** Transactions that Postgres takes as they are written, through a device: the same rows, and nothing refused. */
import { beforeEach, expect, test } from 'vitest'
import { type OrderWorld, TABLES } from './support/ordering.ts'

const SETUP = [
  'UPDATE docs SET tag = NULL',
  'UPDATE teams SET lead = NULL',
  ...['tags', 'people', 'teams', 'docs', 'nodes', 'slots', 'accounts'].map((table) => `DELETE FROM ${table}`),
]

type Case = { name: string; given?: string[]; does: string[] }

const CASES: Case[] = [
  {
    name: 'the old default off, the new one on',
    given: [`INSERT INTO accounts VALUES (1, 'a', 7, true), (2, 'a', 7, false)`],
    does: [
      'UPDATE accounts SET is_default = false WHERE id = 1',
      'UPDATE accounts SET is_default = true WHERE id = 2',
    ],
  },
  {
    name: 'the old default off, the new one on, against the order of keys',
    given: [`INSERT INTO accounts VALUES (1, 'a', 7, false), (2, 'a', 7, true)`],
    does: [
      'UPDATE accounts SET is_default = false WHERE id = 2',
      'UPDATE accounts SET is_default = true WHERE id = 1',
    ],
  },
  {
    name: 'the old default off, a new row as the default',
    given: [`INSERT INTO accounts VALUES (1, 'a', 7, true)`],
    does: [
      'UPDATE accounts SET is_default = false WHERE id = 1',
      `INSERT INTO accounts (id, owner, is_default) VALUES (2, 7, true)`,
    ],
  },
  {
    name: 'a unique value given away and taken by a new row',
    given: [`INSERT INTO slots VALUES (2, 'a', 1, 1, 'x')`],
    does: [
      `UPDATE slots SET code = 'y' WHERE id = 2`,
      `INSERT INTO slots (id, board, position, code) VALUES (1, 1, 2, 'x')`,
    ],
  },
  {
    name: 'two positions swapped by a third',
    given: [`INSERT INTO slots VALUES (1, 'a', 1, 1, NULL), (2, 'a', 1, 2, NULL)`],
    does: [
      'UPDATE slots SET position = -1 WHERE id = 1',
      'UPDATE slots SET position = 1 WHERE id = 2',
      'UPDATE slots SET position = 2 WHERE id = 1',
    ],
  },
  {
    name: 'two positions swapped by none',
    given: [`INSERT INTO slots VALUES (1, 'a', 1, 1, NULL), (2, 'a', 1, 2, NULL)`],
    does: [
      'UPDATE slots SET position = NULL WHERE id = 1',
      'UPDATE slots SET position = 1 WHERE id = 2',
      'UPDATE slots SET position = 2 WHERE id = 1',
    ],
  },
  {
    name: 'three positions in a circle',
    given: [`INSERT INTO slots VALUES (1, 'a', 1, 1, 'x'), (2, 'a', 1, 2, 'y'), (3, 'a', 1, 3, 'z')`],
    does: [
      'UPDATE slots SET position = 99 WHERE id = 3',
      'UPDATE slots SET position = 3 WHERE id = 2',
      'UPDATE slots SET position = 2 WHERE id = 1',
      'UPDATE slots SET position = 1 WHERE id = 3',
    ],
  },
  {
    name: 'positions moved up one by one',
    given: [`INSERT INTO slots VALUES (1, 'a', 1, 1, 'x'), (2, 'a', 1, 2, 'y'), (3, 'a', 1, 3, 'z')`],
    does: [3, 2, 1].map((id) => `UPDATE slots SET position = position + 1 WHERE id = ${id}`),
  },
  {
    name: 'a tree whose children have the smaller keys',
    does: [
      'INSERT INTO nodes (id) VALUES (9)',
      'INSERT INTO nodes (id, parent, rank) VALUES (5, 9, 3)',
      'INSERT INTO nodes (id, parent) VALUES (1, 5)',
    ],
  },
  {
    name: 'a tree taken down from its leaves',
    given: [`INSERT INTO nodes VALUES (1, 'a', NULL), (5, 'a', 1), (9, 'a', 5)`],
    does: [9, 5, 1].map((id) => `DELETE FROM nodes WHERE id = ${id}`),
  },
  {
    name: 'a team, its lead, and the lead’s team',
    does: [
      'INSERT INTO teams (id) VALUES (1)',
      'INSERT INTO people (id, team) VALUES (1, 1)',
      'UPDATE teams SET lead = 1 WHERE id = 1',
    ],
  },
  {
    name: 'a team with its lead taken apart',
    given: [
      `INSERT INTO teams (id) VALUES (1)`,
      `INSERT INTO people VALUES (1, 'a', 1)`,
      'UPDATE teams SET lead = 1',
    ],
    does: [
      'UPDATE teams SET lead = NULL WHERE id = 1',
      'DELETE FROM people WHERE id = 1',
      'DELETE FROM teams WHERE id = 1',
    ],
  },
  {
    name: 'a foreign key that only the database knows',
    does: [
      'INSERT INTO slots (id, board) VALUES (1, 1)',
      'INSERT INTO docs (id, slot) VALUES (1, 1)',
      'UPDATE docs SET slot = NULL WHERE id = 1',
      'DELETE FROM slots WHERE id = 1',
      'INSERT INTO slots (id, board) VALUES (2, 1)',
      'UPDATE docs SET slot = 2 WHERE id = 1',
    ],
  },
  {
    name: 'a cycle that only the database knows',
    does: [
      'INSERT INTO docs (id) VALUES (1)',
      'INSERT INTO tags (id, doc) VALUES (1, 1)',
      'UPDATE docs SET tag = 1 WHERE id = 1',
    ],
  },
  {
    name: 'a cycle that only the database knows taken apart',
    given: [
      `INSERT INTO docs VALUES (1, 'a')`,
      `INSERT INTO tags VALUES (1, 'a', 1)`,
      'UPDATE docs SET tag = 1',
    ],
    does: ['UPDATE docs SET tag = NULL', 'DELETE FROM tags', 'DELETE FROM docs'],
  },
  {
    name: 'a row deleted, its values used again',
    given: [`INSERT INTO slots VALUES (1, 'a', 1, 1, 'x')`],
    does: [
      'DELETE FROM slots WHERE id = 1',
      `INSERT INTO slots (id, board, position, code) VALUES (2, 1, 1, 'x')`,
    ],
  },
  {
    name: 'a row deleted, its values used by a row that then gives its own to a third',
    given: [`INSERT INTO slots VALUES (1, 'a', 1, 1, 'x'), (2, 'a', 1, 2, 'y')`],
    does: [
      'DELETE FROM slots WHERE id = 1',
      `UPDATE slots SET code = 'x' WHERE id = 2`,
      `INSERT INTO slots (id, board, code) VALUES (3, 1, 'y')`,
    ],
  },
  {
    name: 'a key that changes and keeps its unique values',
    given: [`INSERT INTO slots VALUES (1, 'a', 1, 1, 'x')`],
    does: ['UPDATE slots SET id = 2 WHERE id = 1'],
  },
  {
    name: 'a row inserted with a value that it gives away',
    given: [`INSERT INTO slots VALUES (2, 'a', 1, 2, 'x')`],
    does: [
      `INSERT INTO slots (id, board, position, code) VALUES (1, 1, 3, 'y')`,
      `UPDATE slots SET code = 'z' WHERE id = 2`,
      `UPDATE slots SET code = 'x' WHERE id = 1`,
      `UPDATE slots SET code = 'y' WHERE id = 2`,
    ],
  },
  {
    name: 'a row touched, deleted and made again',
    given: [`INSERT INTO slots VALUES (1, 'a', 1, 1, 'x'), (2, 'a', 1, 2, 'y')`],
    does: [
      `UPDATE slots SET code = 'w' WHERE id = 1`,
      `UPDATE slots SET code = 'x', position = NULL WHERE id = 2`,
      'DELETE FROM slots WHERE id = 1',
      'UPDATE slots SET position = 1 WHERE id = 2',
      `INSERT INTO slots (id, board, position, code) VALUES (1, 1, 2, 'y')`,
    ],
  },
  {
    name: 'a child moved to a parent that comes, away from one that goes',
    given: [`INSERT INTO nodes VALUES (5, 'a', NULL), (1, 'a', 5)`],
    does: [
      'INSERT INTO nodes (id) VALUES (6)',
      'UPDATE nodes SET parent = 6 WHERE id = 1',
      'DELETE FROM nodes WHERE id = 5',
    ],
  },
]

export function orderContract(getWorld: () => OrderWorld): void {
  let world: OrderWorld
  beforeEach(async () => {
    world = getWorld()
    await world.everywhere(...SETUP)
  })

  test.each(CASES)('[P2.4] $name', async ({ given = [], does }) => {
    await world.everywhere(...given)
    expect(await world.asWritten(does)).toEqual(does)
    expect(await world.throughDevice(does)).toEqual([])
    expect(await world.rows('public')).toEqual(await world.rows('twin'))
    expect(TABLES.length).toBe(Object.keys(await world.rows('twin')).length)
  })

  test('[P2.5] what Postgres takes in no order is a rejection that says so', async () => {
    await world.everywhere(`INSERT INTO slots VALUES (1, 'a', 1, 1, 'x'), (2, 'a', 1, 2, 'y')`)
    const swap = ['UPDATE slots SET position = 3 - position']
    const isTaken = (await world.asWritten(swap))?.length === 1
    const reason = expect.stringContaining('no order')
    const refused = await world.throughDevice(swap)
    expect(refused).toMatchObject(isTaken ? [] : [{ code: 'unique_violation', details: { reason } }])
    expect(await world.rows('public')).toEqual(await world.rows('twin'))
  })
}
