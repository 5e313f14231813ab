import { createTestDatabase, sharePostgres, startPostgres } from '@landfall/tools/postgres'
import postgres from 'postgres'
import { expect, test, vi } from 'vitest'

test('[T1] each test gets a fresh database on a real Postgres', async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()])
  expect(one.url).not.toBe(two.url)
  const sql = postgres(one.url, { max: 1 })
  await sql`create table note (id int primary key)`
  const other = postgres(two.url, { max: 1 })
  const tables = await other`select relname from pg_class where relname = 'note'`
  expect(tables).toHaveLength(0)
  await Promise.all([sql.end(), other.end()])
  await Promise.all([one.drop(), two.drop()])
  const gone = postgres(one.url, { max: 1 })
  await expect(gone`select 1`).rejects.toMatchObject({ code: '3D000' })
  await gone.end()
})

test('[T1.1] a server of a test’s own restarts and recovers with its data', async () => {
  const server = await startPostgres()
  const database = await createTestDatabase('own', server.url)
  const query = async (text: string): Promise<unknown> => {
    const sql = postgres(database.url, { max: 1, connect_timeout: 5 })
    return sql.unsafe(text).finally(() => sql.end())
  }
  await query('create table note as select 7 as id')
  await server.restart()
  expect(await query('select id from note')).toEqual([{ id: 7 }])
  await server.kill()
  await expect(query('select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await server.start()
  expect(await query('select id from note')).toEqual([{ id: 7 }])
  await server.stop()
  await expect(query('select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('[T1] a server that DATABASE_URL names is used and left running', async () => {
  const server = await startPostgres()
  vi.stubEnv('LANDFALL_TEST_POSTGRES', '')
  vi.stubEnv('DATABASE_URL', server.url)
  const shared = await sharePostgres()
  expect(shared.description).toMatch(/^Postgres: \d+.* at the given DATABASE_URL$/)
  const database = await createTestDatabase('given')
  expect(new URL(database.url).port).toBe(new URL(server.url).port)
  await shared.release()
  await database.drop()
  vi.unstubAllEnvs()
  await server.stop()
})
