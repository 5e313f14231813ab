/**
 * No name clashes (P17.1): every identifier that occurs in any SQL text, of the server, its triggers or a device, is given
 * to a column (also as key, scope and table), and everything that can be done to a row is done.
 */
import { quoteIdentifier as quote } from '@landfall/schema/internal'
import { type Database, openDatabase } from '@landfall/server'
import { createWorld, type Device, type World } from '@landfall/testkit'
import { createTestDatabase } from '@landfall/tools/postgres'
import { expect, test } from 'vitest'
import { crowdDdl, crowdOf, crowdSync, type CrowdTable, identifiersIn } from './support/crowd.ts'
import { verify } from './support/verifying.ts'

const PLAIN: CrowdTable[] = [
  {
    name: 'items',
    key: 'id',
    scope: 'team',
    counter: 'votes',
    members: 'tags',
    texts: ['title', 'note'],
    unsynced: [],
  },
]

const holders = { team: () => ['7', '8'] }
const WRITE = { isolation: 'read committed', readOnly: false } as const

/** What is run, statement by statement. */
type Texts = Set<string>

function recorded(database: Database, texts: Texts): Database {
  return {
    ...database,
    transaction: (options, work) =>
      database.transaction(options, (tx) =>
        work({
          query(sql, params) {
            texts.add(sql)
            return tx.query(sql, params)
          },
        }),
      ),
  }
}

async function inDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  const fresh = await createTestDatabase('names')
  const database = await openDatabase(fresh.url)
  try {
    return await work(database)
  } finally {
    await database.close()
    await fresh.drop()
  }
}

async function openRecorded(world: World, name: string, texts: Texts): Promise<Device> {
  const device = await world.open(name, { user: name })
  device.watch(({ sql }) => void texts.add(sql))
  for (const [sql] of device.driver.prepare('SELECT sql FROM sqlite_schema').all([])) {
    if (typeof sql === 'string') texts.add(sql)
  }
  return device
}

/** Does everything over the tables; answers what was run for it. */
async function liveThrough(tables: readonly CrowdTable[]): Promise<Texts> {
  return inDatabase(async (database) => {
    const texts: Texts = new Set()
    const psql = (...statements: string[]) =>
      database.transaction(WRITE, async (tx) => {
        for (const statement of statements) await tx.query(statement)
      })
    await psql(...crowdDdl(tables))
    const world = await createWorld({ sync: crowdSync(tables), holders, database: recorded(database, texts) })
    await psql(...tables.flatMap(firstRows))
    const [ada, ben] = [await openRecorded(world, 'ada', texts), await openRecorded(world, 'ben', texts)]
    await world.drain()
    await psql(...tables.flatMap(foreignWrites))
    for (const device of [ada, ben]) device.network.setOnline(false)
    for (const table of tables) await localWrites(ada, table, 'a')
    for (const table of tables) await localWrites(ben, table, 'b')
    for (const device of [ada, ben]) device.network.setOnline(true)
    await world.drain()
    await world.drain()
    for (const table of tables) await expectSame(database, [ada, ben], table)
    await psql(...tables.map(({ name }) => `TRUNCATE ${quote(name)}`))
    await world.drain()
    await psql(...tables.flatMap(firstRows))
    await world.drain()
    for (const table of tables) await expectSame(database, [ada, ben], table)
    expect((await verify(world, ada)).differences).toEqual([])
    const functions = `SELECT p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'landfall'`
    for (const { prosrc } of await database.transaction(WRITE, (tx) => tx.query(functions)))
      texts.add(prosrc ?? '')
    await world.close()
    return texts
  })
}

function firstRows({ name, key, scope, counter, members, texts }: CrowdTable): string[] {
  const into = `INSERT INTO ${quote(name)} (${[key, scope, counter, members, ...texts].map(quote).join(', ')})`
  const values = (id: string) => `('${id}', '7', 1, '{x}', ${texts.map((_, i) => `'${id}${i}'`).join(', ')})`
  return [
    `${into} VALUES ${values('k1')}`,
    `${into} VALUES ${['k2', 'k3', 'k4', 'k5', 'k6'].map(values).join(', ')}`,
  ]
}

function foreignWrites({ name, key, scope, counter, texts }: CrowdTable): string[] {
  const [table, id] = [quote(name), quote(key)]
  const set = texts.map((text) => `${quote(text)} = 'psql'`)
  return [
    `UPDATE ${table} SET ${set.join(', ')} WHERE ${id} = 'k1'`,
    `UPDATE ${table} SET ${quote(counter)} = ${quote(counter)} + 1`,
    `UPDATE ${table} SET ${id} = 'k9' WHERE ${id} = 'k4'`,
    `UPDATE ${table} SET ${quote(scope)} = '8' WHERE ${id} IN ('k5', 'k6')`,
    `DELETE FROM ${table} WHERE ${id} = 'k6'`,
  ]
}

async function localWrites(device: Device, table: CrowdTable, who: string): Promise<void> {
  const { key, scope, counter, members, texts } = table
  const [name, id] = [quote(table.name), quote(key)]
  const [first = '', second = ''] = texts.map(quote)
  const statements = [
    `INSERT INTO ${name} (${id}, ${quote(scope)}, ${first}) VALUES ('${who}1', '7', 'new'), ('${who}2', '8', 'new')`,
    `UPDATE ${name} SET ${texts.map((text) => `${quote(text)} = '${who}'`).join(', ')} WHERE ${id} = 'k1'`,
    `UPDATE ${name} SET ${quote(counter)} = ${quote(counter)} + 10, ${quote(members)} = '{x,${who}}' WHERE ${id} IN ('k1', 'k2')`,
    `UPDATE ${name} SET ${id} = '${who}3', ${second} = NULL WHERE ${id} = '${who}2'`,
    `INSERT OR REPLACE INTO ${name} (${id}, ${quote(scope)}) VALUES ('${who}1', '7')`,
    `UPDATE ${name} SET ${quote(scope)} = '8' WHERE ${id} = 'k5'`,
    `DELETE FROM ${name} WHERE ${id} = 'k3'`,
  ]
  for (const statement of statements) await device.run(statement)
}

async function expectSame(
  database: Database,
  devices: Device[],
  { name, key, texts }: CrowdTable,
): Promise<void> {
  const columns = [key, ...texts].map(quote)
  const rows = `SELECT ${columns.join(', ')} FROM ${quote(name)} ORDER BY ${quote(key)}`
  const held = await database.transaction(WRITE, (tx) => tx.query(`${rows} COLLATE "C"`))
  expect(held.length).toBeGreaterThan(0)
  for (const device of devices) expect((await device.rows(rows)).map((row) => ({ ...row }))).toEqual(held)
}

test('[P17.1] every name that a text uses is a column’s, and nothing clashes', async () => {
  const names = identifiersIn(await liveThrough(PLAIN))
  expect(names).toEqual(
    expect.arrayContaining(['landfall_key', 'landfall_stamp', 'scope', 'op', 'old', 'new', 'excluded']),
  )
  const crowd = crowdOf(names)
  expect(crowd.flatMap(({ texts, unsynced }) => [...texts, ...unsynced]).length).toBeGreaterThan(200)
  // A table by the name that SQLite gives to the row of an upsert.
  const upserted = PLAIN.map((table) => ({ ...table, name: 'excluded' }))
  await liveThrough([...crowd.filter(({ name }) => name !== 'excluded'), ...upserted])
}, 240_000)
