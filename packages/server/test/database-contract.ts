/** What every adapter of the database port promises; each adapter's test file runs all of it. */
import { LandfallError } from '@landfall/protocol'
import { beforeAll, expect, test } from 'vitest'
import { type Database, PostgresError, type TransactionOptions, type Tx } from '../src/database/database.ts'

export const WRITE: TransactionOptions = { isolation: 'read committed', readOnly: false }
export const READ: TransactionOptions = { isolation: 'repeatable read', readOnly: true }

export function write<T>(database: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  return database.transaction(WRITE, work)
}

export async function query(database: Database, sql: string, params: string[] = []) {
  return write(database, (tx) => tx.query(sql, params))
}

export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it should have failed'),
    (error: unknown) => error,
  )
}

export function databaseContract(open: () => Database): void {
  let database: Database

  beforeAll(async () => {
    database = open()
    await query(database, 'CREATE TABLE contract (id int PRIMARY KEY, title text NOT NULL)')
  })

  const titles = async () => {
    const rows = await query(database, 'SELECT id, title FROM contract ORDER BY id')
    return rows.map((row) => `${row['id']} ${row['title']}`)
  }

  test('[P13] values of every type go in and come out as the text Postgres prints', async () => {
    const [row] = await write(database, (tx) =>
      tx.query(
        `SELECT $1::int8 AS a, $2::numeric AS b, $3::timestamptz AS c, $4::jsonb AS d, $5::bytea AS e,
                $6::text[] AS f, $7::float8 AS g, $8::interval AS h, $9::boolean::text AS i, $10::int AS j`,
        [
          '9007199254740993',
          '1.50',
          '2020-01-01 12:00:00.123456+02',
          '{"b":1.0,"a":2}',
          '\\x00ff',
          ['a"b', null, 'c\\d,{}', 'NULL', ''],
          '-0',
          '1 mon 2 days',
          true,
          7,
        ],
      ),
    )
    expect(row).toEqual({
      a: '9007199254740993',
      b: '1.50',
      c: '2020-01-01 10:00:00.123456+00',
      d: '{"a": 2, "b": 1.0}',
      e: '\\x00ff',
      f: '{"a\\"b",NULL,"c\\\\d,{}","NULL",""}',
      g: '-0',
      h: '1 mon 2 days',
      i: 'true',
      j: '7',
    })
  })

  test('[P5] a transaction takes effect whole when it resolves and not at all when it rejects', async () => {
    await write(database, async (tx) => {
      await tx.query(`INSERT INTO contract VALUES (1, 'one')`)
      await tx.query(`INSERT INTO contract VALUES ($1, $2)`, [2, 'two'])
    })
    const failed = write(database, async (tx) => {
      await tx.query(`DELETE FROM contract`)
      throw new Error('stop')
    })
    expect(await failure(failed)).toEqual(new Error('stop'))
    expect(await titles()).toEqual(['1 one', '2 two'])
  })

  test('[P12] a refused statement keeps its SQLSTATE, constraint, table, column and detail', async () => {
    const unique = await failure(query(database, `INSERT INTO contract VALUES (1, 'again')`))
    expect(unique).toBeInstanceOf(PostgresError)
    expect(unique).toMatchObject({
      sqlstate: '23505',
      constraint: 'contract_pkey',
      table: 'contract',
      schema: 'public',
      detail: 'Key (id)=(1) already exists.',
    })
    const missing = await failure(query(database, `INSERT INTO contract VALUES ($1, NULL)`, ['9']))
    expect(missing).toMatchObject({ sqlstate: '23502', column: 'title' })
    expect(await failure(query(database, 'SELEC 1'))).toMatchObject({ sqlstate: '42601' })
  })

  test('[P12] a transaction that swallowed an error does not claim to have committed', async () => {
    const swallowed = write(database, async (tx) => {
      await tx.query(`INSERT INTO contract VALUES (3, 'three')`)
      await tx.query('SELECT 1/0').catch(() => {})
    })
    expect(await failure(swallowed)).toMatchObject({ sqlstate: '25P02' })
    expect(await titles()).toEqual(['1 one', '2 two'])
  })

  test('[P5] savepoints undo a part', async () => {
    await write(database, async (tx) => {
      await tx.query('SAVEPOINT a')
      await tx.query('SELECT 1/0').catch(() => {})
      await tx.query('ROLLBACK TO SAVEPOINT a')
      await tx.query(`UPDATE contract SET title = 'uno' WHERE id = 1`)
    })
    expect(await titles()).toEqual(['1 uno', '2 two'])
  })

  test('[P12] a transaction handle is of no use after its end', async () => {
    const kept = await write(database, (tx) => Promise.resolve(tx))
    const error = await failure(kept.query('SELECT 1'))
    expect(error).toBeInstanceOf(LandfallError)
    expect(error).toMatchObject({ code: 'transaction_closed' })
  })

  test('[P13] isolation, access and session settings are pinned in every transaction', async () => {
    const show = (name: string) => `current_setting('${name}')`
    const names = [
      'transaction_isolation',
      'transaction_read_only',
      'timezone',
      'datestyle',
      'intervalstyle',
      'bytea_output',
      'extra_float_digits',
      'lock_timeout',
    ]
    const [row] = await database.transaction(READ, (tx) =>
      tx.query(`SELECT ${names.map((name) => `${show(name)} AS ${name}`).join(', ')}`),
    )
    expect(row).toEqual({
      transaction_isolation: 'repeatable read',
      transaction_read_only: 'on',
      timezone: 'UTC',
      datestyle: 'ISO, MDY',
      intervalstyle: 'postgres',
      bytea_output: 'hex',
      extra_float_digits: '1',
      lock_timeout: '10s',
    })
    const refused = database.transaction(READ, (tx) => tx.query('DELETE FROM contract'))
    expect(await failure(refused)).toMatchObject({ sqlstate: '25006' })
  })

  test('[P5] statements of one transaction run in the order of the calls', async () => {
    const seen = await write(database, (tx) =>
      Promise.all([
        tx.query(`UPDATE contract SET title = 'a' WHERE id = $1 RETURNING title`, [2]),
        tx.query(`UPDATE contract SET title = title || 'b' WHERE id = $1 RETURNING title`, [2]),
        tx.query(`UPDATE contract SET title = title || 'c' WHERE id = $1 RETURNING title`, [2]),
      ]),
    )
    expect(seen.flat().map((row) => row['title'])).toEqual(['a', 'ab', 'abc'])
  })
}
