/**
 * Code in documents is what a newcomer copies first: every `ts` block of README, ARCHITECTURE, docs and the public
 * packages' READMEs is compiled against the packages as they are, with the few names that it leaves to the reader.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** Beside the packages, so that they are found by name. */
const FOLDER = `${ROOT}node_modules/.cache/landfall-documents`

const SCHEMA = `
import { date, integer, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
export const countries = pgTable('countries', { code: text().primaryKey() })
export const orders = pgTable('orders', { id: uuid().primaryKey(), customer: text().notNull() })
export const projects = pgTable('projects', { id: uuid().primaryKey(), name: text() })
export const checks = pgTable('checks', {
  id: uuid().primaryKey(), projectId: uuid('project_id').notNull(), title: text().notNull(), status: text(), due: date(),
  votes: integer(), internalCost: integer('internal_cost'), createdAt: timestamp('created_at').defaultNow() })
export const members = pgTable('members', { projectId: uuid('project_id').notNull(), userId: uuid('user_id').notNull() },
  (t) => [primaryKey({ columns: [t.projectId, t.userId] })])`

/** What an app has anyway, and what the sixty seconds of the README have made. */
const LEFT_TO_THE_READER = `
declare function verifyToken(request: Request): Promise<{ userId: string } | null>
declare const projectId: string, checkId: string
declare function getToken(): Promise<string | null>
declare function render(rows: readonly unknown[]): void
declare const db: import('@landfall/client').Landfall<typeof import('./sync').sync.sqlite>
declare const server: import('@landfall/server').SyncServer
declare const app: import('hono').Hono
declare const id: string, ddl: string
declare const session: { token(): Promise<string | null> }
declare const sync: typeof import('./sync').sync
declare const members: typeof import('./schema').members, orders: typeof import('./schema').orders
declare const sql: typeof import('drizzle-orm').sql
declare function userOf(request: Request): Promise<string>
declare function isAdmin(userId: string): boolean
declare const holders: import('@landfall/server').Holders`

const OPTIONS = {
  extends: `${ROOT}tsconfig.base.json`,
  compilerOptions: {
    composite: false,
    declaration: false,
    noEmit: true,
    noUnusedLocals: false,
    allowImportingTsExtensions: true,
    module: 'ESNext',
    moduleResolution: 'Bundler',
    customConditions: ['@landfall/source'],
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    types: ['node'],
    typeRoots: [`${ROOT}node_modules/@types`],
  },
  include: ['*.ts'],
}

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

test('[T6] the code in README, ARCHITECTURE, docs and the public packages’ READMEs compiles against the packages as they are', () => {
  const documents = [
    'README.md',
    'ARCHITECTURE.md',
    ...readdirSync(`${ROOT}docs`).map((name) => `docs/${name}`),
    ...['client', 'schema', 'server', 'testkit'].map((name) => `packages/${name}/README.md`),
  ]
  const blocks = documents.filter((path) => path.endsWith('.md')).flatMap(blocksOf)
  expect(blocks.map(({ name }) => name)).toEqual(expect.arrayContaining(['sync.ts', 'server.ts', 'auth.ts']))
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(`${FOLDER}/schema.ts`, SCHEMA)
  writeFileSync(`${FOLDER}/reader.d.ts`, LEFT_TO_THE_READER)
  writeFileSync(`${FOLDER}/tsconfig.json`, JSON.stringify(OPTIONS))
  for (const { name, code } of blocks) writeFileSync(`${FOLDER}/${name}`, `${code}\nexport {}\n`)
  expect(compile()).toBe('')
})

/** A block is called as its first line says (`// sync.ts`), so that others can import it; else after its document. */
function blocksOf(path: string): { name: string; code: string }[] {
  const blocks = [...readFileSync(`${ROOT}${path}`, 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)]
  return blocks.map(({ 1: code = '' }, i) => ({
    name: /^\/\/ ([\w-]+\.ts)\n/.exec(code)?.[1] ?? `${path.replaceAll(/\W/g, '-')}-${i + 1}.ts`,
    code,
  }))
}

function compile(): string {
  try {
    execFileSync(`${ROOT}node_modules/.bin/tsc`, ['-p', FOLDER, '--pretty', 'false'], { encoding: 'utf8' })
    return ''
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error)
  }
}
