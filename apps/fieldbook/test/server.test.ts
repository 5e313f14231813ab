/** Fieldbook's server on a real Postgres: its tables, its sample rows, its sign-in and its rules. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase, type TestDatabase } from '@landfall/tools/postgres'
import { SignJWT } from 'jose'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fieldbook, startFieldbook } from '../src/server/fieldbook.ts'
import { authorizeCheck } from '../src/server/rules.ts'
import { seedRows } from '../src/server/seed/rows.ts'
import { PEOPLE } from '../src/shared/people.ts'

let database: TestDatabase
let sql: postgres.Sql
let fieldbook: Fieldbook
const folder = mkdtempSync(join(tmpdir(), 'fieldbook-'))

const start = () =>
  startFieldbook({
    databaseUrl: database.url,
    secretFile: join(folder, 'secret'),
    pageFolder: folder,
    log: () => {},
  })

beforeAll(async () => {
  database = await createTestDatabase()
  sql = postgres(database.url, { max: 1, onnotice: () => {} })
  fieldbook = await start()
})

afterAll(async () => {
  await fieldbook.close()
  await sql.end()
  await database.drop()
  rmSync(folder, { recursive: true })
})

test('[F1] a fresh database gets the tables and the sample rows once', async () => {
  const count = () => sql`select count(*)::int as checks, count(distinct title)::int as titles from checks`
  const before = await count()
  expect(before[0]?.checks).toBe(1800)
  expect(before[0]?.titles).toBeGreaterThan(15)
  await fieldbook.close()
  fieldbook = await start()
  expect(await count()).toEqual(before)
})

test('[F1] the sample rows are the same every time, but for dates', () => {
  const day = Date.UTC(2026, 10, 23)
  expect(seedRows(day)).toEqual(seedRows(day))
  const titles = (at: number) => seedRows(at).map(({ rows }) => rows.map(({ id, title }) => [id, title]))
  expect(titles(day)).toEqual(titles(day + 86_400_000 * 400))
})

describe('sign-in', () => {
  const health = (token: string | null) =>
    fieldbook.app.request('/sync/pull', {
      method: 'POST',
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
    })
  const forge = (secret: Uint8Array, expires: string) =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(PEOPLE[0]?.id ?? '')
      .setIssuer('fieldbook')
      .setAudience('fieldbook-sync')
      .setExpirationTime(expires)
      .sign(secret)

  test('[P4.3] nobody gets in without a token, with a forged one or as somebody unknown', async () => {
    expect((await health(null)).status).toBe(401)
    expect((await health('nonsense')).status).toBe(401)
    expect((await health(await forge(new Uint8Array(32), '1h'))).status).toBe(401)
    const unknown = await signIn('mallory')
    expect(unknown.status).toBe(404)
  })

  test('[P4.3] a person from the list gets a token that the sync server takes', async () => {
    const { token, userId } = (await (await signIn('ben')).json()) as { token: string; userId: string }
    expect(userId).toBe(PEOPLE[1]?.id)
    expect((await health(token)).status).not.toBe(401)
  })

  function signIn(user: string): Promise<Response> {
    return Promise.resolve(
      fieldbook.app.request('/demo/session', { method: 'POST', body: JSON.stringify({ user }) }),
    )
  }
})

test.each([
  [
    'by its assignee',
    'ada',
    { status: 'open' },
    { status: 'passed', severity: 'critical', assignee_id: 'ada' },
    false,
  ],
  [
    'by somebody else',
    'ben',
    { status: 'open' },
    { status: 'passed', severity: 'critical', assignee_id: 'ada' },
    true,
  ],
  [
    'when it is minor',
    'ada',
    { status: 'open' },
    { status: 'passed', severity: 'minor', assignee_id: 'ada' },
    true,
  ],
  [
    'when it had passed before',
    'ada',
    { status: 'passed', severity: 'critical' },
    { status: 'passed', severity: 'critical', assignee_id: 'ada' },
    true,
  ],
])('[F3] a critical check is not signed off by its assignee: %s', (...[, userId, before, after, allowed]) => {
  expect(authorizeCheck({ userId, operation: 'update', before, after, newScope: false }) === true).toBe(
    allowed,
  )
})
