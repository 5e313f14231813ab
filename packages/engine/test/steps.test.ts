/** The order of a changeset: steps and the values in between, as the seal tells them. */
import type { Changeset, Step } from '@landfall/protocol'
import { defineSync } from '@landfall/schema'
import { sql } from 'drizzle-orm'
import { boolean, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { beforeEach, expect, test } from 'vitest'
import { NO_LIMIT, openWorld, type World } from './support/store.ts'

const lists = pgTable('lists', { id: integer().primaryKey(), name: text() })
const items = pgTable(
  'items',
  {
    id: uuid().primaryKey(),
    list: integer().references(() => lists.id),
    place: integer().unique(),
    main: boolean().notNull().default(false),
    title: text(),
  },
  (t) => [uniqueIndex().on(t.list).where(sql`main`)],
)
const { manifest } = defineSync({
  tables: { lists, items },
  scopes: { list: { lists: (l) => l.id, items: (i) => i.list } },
})

const ID = [0, 1, 2, 3].map((n) => `0000000${n}-0000-4000-8000-00000000000a`)
let world: World

beforeEach(async () => {
  world = await openWorld(manifest)
  world.write(
    "INSERT INTO lists VALUES (1, 'one')",
    `INSERT INTO items (id, list, place, main) VALUES ('${ID[1]}', 1, 1, 1), ('${ID[2]}', 1, 2, 0), ('${ID[3]}', 1, 3, 0)`,
  )
})

const last = (): Changeset | undefined => world.store.readOutbox(NO_LIMIT).at(-1)

/** Each step as `operation table row`, with the values in between. */
function told(changeset: Changeset | undefined): string[] {
  return (changeset?.steps ?? []).map((step: Step) => {
    const { table, operation, keys } = changeset?.changes[step.block] ?? { keys: [] }
    const count = 'count' in step ? step.count : 1
    const ids = (keys[0] ?? [])
      .slice(step.row, step.row + count)
      .map((key) => key?.slice(0, 8).replace(/^0+/, ''))
    const values = 'values' in step ? ` ${JSON.stringify(step.values)}` : ''
    return `${operation} ${table} ${ids.join(',')}${values}`
  })
}

test('[P2.4] total_changes grows with each row touched, within a statement too', () => {
  world.store.begin()
  world.store.prepareUser('UPDATE items SET place = place + 10').run([])
  world.store.prepareUser("UPDATE lists SET name = 'x'").run([])
  const firsts = ['items', 'lists'].flatMap((table) =>
    world
      .rows(`SELECT landfall_first FROM landfall_before_${table} ORDER BY 1`)
      .map(([first]) => Number(first)),
  )
  expect(new Set(firsts).size).toBe(4)
  expect(firsts).toEqual(firsts.toSorted((a, b) => a - b))
  world.store.rollback()
})

test('[P2.4] blocks in the order of their statements need no steps', () => {
  world.write("INSERT INTO lists VALUES (2, 'two')", `INSERT INTO items (id, list) VALUES ('${ID[0]}', 2)`)
  expect(last()?.steps).toBeUndefined()
})

test('[P2.4] rows stand in the order of their first touch', () => {
  world.write(
    `UPDATE items SET title = 'a' WHERE id = '${ID[3]}'`,
    `UPDATE items SET title = 'b' WHERE id = '${ID[1]}'`,
    `UPDATE items SET title = 'c' WHERE id = '${ID[3]}'`,
  )
  expect(last()?.changes[0]?.new).toEqual([['c', 'b']])
  expect(last()?.steps).toBeUndefined()
})

test('[P2.4] blocks stand in the order in which they were first touched', () => {
  world.write(
    `UPDATE items SET main = 0, title = 'x' WHERE id = '${ID[1]}'`,
    `UPDATE items SET main = 1 WHERE id = '${ID[2]}'`,
  )
  expect(last()?.steps).toBeUndefined()
  expect(last()?.changes.map(({ keys }) => keys[0]?.[0])).toEqual([ID[1], ID[2]])
})

test('[P2.4] a child before its parent in the order of tables', () => {
  world.write(`DELETE FROM items WHERE id = '${ID[1]}'`, "UPDATE lists SET name = 'x'")
  expect(told(last())).toEqual(['delete items 1', 'update lists 1'])
})

test('[P2.4] two places swapped by a third: the parking value is a step in between', () => {
  world.write(
    `UPDATE items SET place = -1 WHERE id = '${ID[1]}'`,
    `UPDATE items SET place = 1 WHERE id = '${ID[2]}'`,
    `UPDATE items SET place = 2, title = 'swapped' WHERE id = '${ID[1]}'`,
  )
  expect(told(last())).toEqual(['update items 1 {"place":"-1"}', 'update items 2', 'update items 1'])
})

test('[P2.4] an inserted row that is changed before others follow', () => {
  world.write(
    `INSERT INTO items (id, list, place) VALUES ('${ID[0]}', 1, 99)`,
    `UPDATE items SET place = 5 WHERE id = '${ID[2]}'`,
    `UPDATE items SET place = 2 WHERE id = '${ID[0]}'`,
  )
  expect(told(last())).toEqual([
    'insert items  {"list":"1","place":"99","main":"false"}',
    'update items 2',
    'insert items ',
  ])
})

test('[P2.4] a row deleted and made again is empty where it may be, while it was gone', () => {
  world.write(
    `DELETE FROM items WHERE id = '${ID[1]}'`,
    `UPDATE items SET place = 1, main = 1 WHERE id = '${ID[2]}'`,
    `INSERT INTO items (id, list, place) VALUES ('${ID[1]}', 1, 7)`,
  )
  expect(told(last())).toEqual(['update items 1 {"place":null}', 'update items 2', 'update items 1'])
})

test('[P2.4] a deleted row goes when it first went, after what it held before', () => {
  world.write(
    `UPDATE items SET place = 8 WHERE id = '${ID[1]}'`,
    `UPDATE items SET place = 1 WHERE id = '${ID[2]}'`,
    `DELETE FROM items WHERE id = '${ID[1]}'`,
    `UPDATE items SET title = 'later' WHERE id = '${ID[3]}'`,
  )
  expect(told(last())[0]).toMatch(/^delete items 1 {.*"place":"8"/)
  expect(told(last()).slice(1)).toEqual(['update items 2', 'delete items 1', 'update items 3'])
})

test('[P2.4] touches that leave the constrained columns alone are no steps', () => {
  world.write(
    `UPDATE items SET title = 'a', place = 9 WHERE id = '${ID[2]}'`,
    `UPDATE items SET title = 'b' WHERE id = '${ID[3]}'`,
    `UPDATE items SET title = 'c' WHERE id = '${ID[2]}'`,
    `UPDATE items SET place = place WHERE id = '${ID[2]}'`,
  )
  expect(last()?.steps).toBeUndefined()
  expect(world.rows('SELECT count(*) FROM landfall_between_items')).toEqual([[0]])
})

test('[P2.4] a value in between that no column of Postgres can hold is no step', () => {
  world.write(
    `UPDATE items SET place = 99999999999 WHERE id = '${ID[1]}'`,
    `UPDATE items SET place = 1 WHERE id = '${ID[2]}'`,
    `UPDATE items SET place = 2 WHERE id = '${ID[1]}'`,
  )
  expect(told(last())).toEqual(['update items 2', 'update items 1'])
})

test('[P2.4] an undone savepoint takes its steps along', () => {
  world.write(
    `UPDATE items SET place = 5 WHERE id = '${ID[2]}'`,
    'SAVEPOINT s',
    `UPDATE items SET place = 6 WHERE id = '${ID[2]}'`,
    `UPDATE items SET place = 2 WHERE id = '${ID[1]}'`,
    'ROLLBACK TO s',
    `UPDATE items SET place = 8 WHERE id = '${ID[3]}'`,
  )
  expect(last()?.steps).toBeUndefined()
  expect(last()?.changes).toMatchObject([{ keys: [[ID[2], ID[3]]], new: [['5', '8']] }])
})

test('[P2.4] a key in another spelling keeps its place', () => {
  const upper = ID[0]?.toUpperCase() ?? ''
  world.write(
    ['INSERT INTO items (id, list, place) VALUES (?, 1, 50)', upper],
    ['UPDATE items SET place = 51 WHERE id = ?', upper],
    `UPDATE items SET place = 50 WHERE id = '${ID[1]}'`,
  )
  expect(told(last())).toEqual([
    'insert items  {"list":"1","place":"50","main":"false"}',
    'insert items ',
    'update items 1',
  ])
})

test('[P2.4] a key that changes gives its values away before it takes them', () => {
  world.write(`UPDATE items SET id = '${ID[0]}' WHERE id = '${ID[1]}'`)
  expect(told(last())).toEqual(['delete items 1', 'insert items '])
})
