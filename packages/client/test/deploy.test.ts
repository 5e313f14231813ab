/** docs/deploy.md works: its rights, its tokens, its CORS and its table of keys, tried as they stand on the page. */
import type { LandfallError } from '@landfall/client'
import { openLandfall } from '@landfall/client/node'
import { PROTOCOL_HEADER, SCHEMA_HEADER } from '@landfall/protocol'
import { defineSync } from '@landfall/schema'
import { createSyncServer, type Database, migrateSync, openDatabase } from '@landfall/server'
import { createTestDatabase, type TestDatabase } from '@landfall/tools/postgres'
import { serve } from '@hono/node-server'
import { integer, pgTable, serial, text, uuid } from 'drizzle-orm/pg-core'
import { Hono } from 'hono'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const PAGE = readFileSync(`${ROOT}docs/deploy.md`, 'utf8')
mkdirSync(`${ROOT}test-results`, { recursive: true })
/** Inside of the repository, so that the code on the page finds its packages. */
const FOLDER = mkdtempSync(`${ROOT}test-results/deploy-`)

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

/** The module that a code block of the page is. */
async function moduleOnPage(name: string): Promise<Record<string, unknown>> {
  const code = PAGE.split(`\`\`\`ts\n// ${name}\n`)[1]?.split('\n```')[0] ?? ''
  writeFileSync(`${FOLDER}/${name}`, code)
  return (await import(/* @vite-ignore */ `${FOLDER}/${name}`)) as Record<string, unknown>
}

type Listening = { url: string; close(): Promise<void> }

function listen(fetch: (request: Request) => Response | Promise<Response>): Promise<Listening> {
  return new Promise((ready) => {
    const http = serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }: AddressInfo) =>
      ready({
        url: `http://127.0.0.1:${port}`,
        close: () => new Promise((closed) => http.close(() => closed())),
      }),
    )
  })
}

const projects = pgTable('projects', { id: uuid().primaryKey(), owner: text().notNull(), name: text() })
const checks = pgTable('checks', { id: serial().primaryKey(), owner: text().notNull(), name: text() })
const members = pgTable('members', {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  owner: text().notNull(),
  name: text(),
})
const sync = defineSync({
  tables: { projects, checks, members },
  scopes: { own: { projects: (t) => t.owner, checks: (t) => t.owner, members: (t) => t.owner } },
  write: { members: false },
})
const DDL = [
  'create table projects (id uuid primary key default gen_random_uuid(), owner text not null, name text)',
  'create table checks (id serial primary key, owner text not null, name text)',
  'create table members (id int primary key generated always as identity, owner text not null, name text)',
]
const WRITE = { isolation: 'read committed', readOnly: false } as const

describe('a server whose role has the rights of the page, and no others', () => {
  const role = `app_${crypto.randomUUID().slice(0, 8)}`
  let postgres: TestDatabase
  let owner: Database
  let limited: Database
  let device: Awaited<ReturnType<typeof openLandfall>>
  let http: Listening
  let server: ReturnType<typeof createSyncServer>
  const run = (sql: string) => owner.transaction(WRITE, (tx) => tx.query(sql))

  beforeAll(async () => {
    postgres = await createTestDatabase()
    owner = await openDatabase(postgres.url)
    for (const sql of DDL) await run(sql)
    await migrateSync(owner, sync)
    await run(`create role ${role} login`)
    writeFileSync(`${FOLDER}/sync.ts`, '')
    vi.doMock(`${FOLDER}/sync`, () => ({ sync }))
    const { grants } = (await moduleOnPage('grants.ts')) as { grants: string[] }
    for (const grant of grants) await run(grant.replace(/"?\bapp\b"?$/, role))
    const url = new URL(postgres.url)
    url.username = role
    limited = await openDatabase(url.href)
    server = createSyncServer({
      sync,
      database: limited,
      authenticate: () => ({ userId: 'ada' }),
      holders: { own: ({ userId }) => [userId] },
    })
    http = await listen(new Hono().route('/sync', server.app).fetch)
    device = await openLandfall({ sync, url: `${http.url}/sync`, file: ':memory:', getToken: () => 'ada' })
    await device.sync.settled()
  })

  afterAll(async () => {
    await device.close()
    await server.close()
    await http.close()
    await limited.close()
    await run(`drop owned by ${role}`)
    await run(`drop role ${role}`)
    await owner.close()
    await postgres.drop()
  })

  const inPostgres = async (table: string) =>
    (await run(`select name from ${table} order by name`)).map((row) => row['name'])

  test('[T5.3] it writes and reads rows with uuid keys', async () => {
    await device.run('insert into projects (id, owner, name) values (?, ?, ?)', [
      crypto.randomUUID(),
      'ada',
      'Roof',
    ])
    await device.sync.settled()
    expect(await inPostgres('projects')).toEqual(['Roof'])
    await run("insert into projects (owner, name) values ('ada', 'Cellar')")
    await device.sync.now()
    expect(await device.all('select name from projects order by name')).toEqual([
      { name: 'Cellar' },
      { name: 'Roof' },
    ])
  })

  test('[T5.3] a serial key has to be named, and then lands; rows made elsewhere are changed like others', async () => {
    const unnamed = device.run("insert into checks (owner, name) values ('ada', 'none')")
    expect(await unnamed.catch((error: LandfallError) => error.code)).toBe('constraint_failed')
    await device.run("insert into checks (id, owner, name) values (1000, 'ada', 'named')")
    await run("insert into checks (owner, name) values ('ada', 'elsewhere')")
    await device.sync.settled()
    await device.run("update checks set name = 'changed' where name = 'elsewhere'")
    await device.sync.settled()
    expect(await inPostgres('checks')).toEqual(['changed', 'named'])
  })

  test('[T5.3] a table whose key Postgres always generates is read-only', async () => {
    await run("insert into members (owner, name) values ('ada', 'made here')")
    await device.sync.now()
    expect(await device.all('select name from members')).toEqual([{ name: 'made here' }])
    const change = device.run("update members set name = 'changed there'")
    expect(await change.catch((error: LandfallError) => error.code)).toBe('readonly_table')
    const writable = () => defineSync({ tables: { members }, scopes: { own: { members: (t) => t.owner } } })
    expect(writable).toThrow(/schema_invalid.*always makes this key/)
  })

  test('[T5.3] the page may be on another origin: its headers pass, and Retry-After is readable', async () => {
    vi.stubGlobal('server', server)
    const { api } = (await moduleOnPage('cors.ts')) as { api: Hono }
    const wanted = ['authorization', 'content-type', PROTOCOL_HEADER, SCHEMA_HEADER]
    const origin = 'https://app.example'
    const preflight = await api.request('/sync/sync', {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': wanted.join(),
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin)
    expect(preflight.headers.get('access-control-allow-headers')?.split(',').toSorted()).toEqual(
      wanted.toSorted(),
    )
    const answer = await api.request('/sync/sync', { method: 'POST', headers: { origin } })
    expect(answer.headers.get('access-control-expose-headers')).toBe('retry-after')
    vi.unstubAllGlobals()
  })
})

describe('tokens', () => {
  let up = true
  let keys: Listening
  let authenticate: (request: Request) => Promise<{ userId: string } | null>
  let sign: (claims: Claims, alg?: { key: CryptoKey; kid: string }) => Promise<string>
  type Claims = { aud?: string; iss?: string; sub?: string; expiresIn?: number | null }

  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }] }
    keys = await listen(() => (up ? Response.json(jwks) : new Response('down', { status: 503 })))
    vi.stubEnv('JWKS_URL', `${keys.url}/jwks`)
    vi.stubEnv('TOKEN_ISSUER', 'https://login.example/')
    vi.stubEnv('TOKEN_AUDIENCE', 'https://api.example')
    sign = (claims, { key, kid } = { key: privateKey, kid: 'k1' }) => {
      const {
        aud = 'https://api.example',
        iss = 'https://login.example/',
        sub = 'ada',
        expiresIn = 600,
      } = claims
      const token = new SignJWT(sub === '' ? {} : { sub }).setProtectedHeader({ alg: 'RS256', kid })
      if (expiresIn !== null) token.setExpirationTime(Math.floor(Date.now() / 1000) + expiresIn)
      return token.setAudience(aud).setIssuer(iss).sign(key)
    }
  })

  afterEach(() => void (up = true))
  afterAll(async () => {
    vi.unstubAllEnvs()
    await keys.close()
  })

  const asked = (token: string): Promise<{ userId: string } | null> =>
    authenticate(new Request('http://a/', { headers: { authorization: `Bearer ${token}` } }))

  test('[T5.3] a key server that is down is no bad token: it throws, and is asked again', async () => {
    authenticate = (await moduleOnPage('auth.ts'))['authenticate'] as typeof authenticate
    up = false
    await expect(asked(await sign({}))).rejects.toThrow('200 OK')
    up = true
    expect(await asked(await sign({}))).toEqual({ userId: 'ada' })
  })

  test.each<[string, Claims, boolean]>([
    ['a good token', {}, true],
    ['one that expired half a minute ago', { expiresIn: -30 }, true],
    ['one that expired two minutes ago', { expiresIn: -120 }, false],
    ['one that never expires', { expiresIn: null }, false],
    ['one for another audience', { aud: 'https://other.example' }, false],
    ['one of another issuer', { iss: 'https://evil.example/' }, false],
    ['one of nobody', { sub: '' }, false],
  ])('[T5.3] %s', async (_, claims, good) => {
    expect(await asked(await sign(claims))).toEqual(good ? { userId: 'ada' } : null)
  })

  test('[T5.3] forged, unsigned and broken tokens are bad tokens, and so is none', async () => {
    const { privateKey } = await generateKeyPair('RS256')
    expect(await asked(await sign({}, { key: privateKey, kid: 'k1' }))).toBeNull()
    expect(await asked(await sign({}, { key: privateKey, kid: 'k2' }))).toBeNull()
    const [, body] = (await sign({})).split('.')
    expect(await asked(`${btoa('{"alg":"none"}')}.${body}.`)).toBeNull()
    expect(await asked('not.a.token')).toBeNull()
    expect(await authenticate(new Request('http://a/'))).toBeNull()
  })
})
