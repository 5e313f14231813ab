/** The README's code is what a newcomer copies first: its blocks are compiled, with what they leave to the reader. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** Beside the packages, so that they are found by name. */
const FOLDER = `${ROOT}node_modules/.cache/landfall-readme`

const SCHEMA = `
import { date, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
export const projects = pgTable('projects', { id: uuid().primaryKey() })
export const checks = pgTable('checks', {
  id: uuid().primaryKey(), projectId: uuid('project_id').notNull(), title: text().notNull(), status: text(), due: date() })
export const members = pgTable('members', { projectId: uuid('project_id').notNull(), userId: uuid('user_id').notNull() },
  (t) => [primaryKey({ columns: [t.projectId, t.userId] })])`

const LEFT_TO_THE_READER: { [file: string]: string } = {
  'sync.ts': '',
  'server.ts': `declare function verifyToken(request: Request): Promise<{ userId: string } | null>`,
  'page.ts': `declare const projectId: string, checkId: string
    declare function getToken(): Promise<string | null>
    declare function render(rows: readonly unknown[]): void`,
}

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

test('[T6] the code in the README compiles against the packages as they are', () => {
  const blocks = [...readFileSync(`${ROOT}README.md`, 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)]
  const files = Object.entries(LEFT_TO_THE_READER)
  expect(blocks).toHaveLength(files.length)
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(`${FOLDER}/schema.ts`, SCHEMA)
  writeFileSync(`${FOLDER}/tsconfig.json`, JSON.stringify(OPTIONS))
  for (const [i, [name, before]] of files.entries()) {
    writeFileSync(`${FOLDER}/${name}`, `${before}\n${blocks[i]?.[1] ?? ''}`)
  }
  expect(compile()).toBe('')
})

function compile(): string {
  try {
    execFileSync(`${ROOT}node_modules/.bin/tsc`, ['-p', FOLDER, '--pretty', 'false'], { encoding: 'utf8' })
    return ''
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error)
  }
}
