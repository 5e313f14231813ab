import { beforeAll, expect, test } from 'vitest'
import {
  mirrorDdl,
  quoteIdentifier,
  quotePostgresLiteral,
  quoteSqliteLiteral,
  quoteTable,
} from '@landfall/schema/internal'
import { openSqlite, type Sqlite } from './support/sqlite.ts'
import { openPostgres } from './support/casts.ts'
import { sync } from './support/tables.ts'

let sqlite: Sqlite
beforeAll(async () => {
  sqlite = await openSqlite()
})

test('[P13.3] the mirror is STRICT tables by key, with plain indexes', () => {
  const statements = mirrorDdl(sync.manifest)
  expect(statements.slice(0, 4)).toEqual([
    expect.stringContaining('CREATE TABLE "projects"'),
    `CREATE TABLE "checks" (
  "id" TEXT NOT NULL,
  "project_id" TEXT NOT NULL,
  "title" TEXT NOT NULL DEFAULT 'it’s untitled',
  "status" TEXT NOT NULL DEFAULT 'open',
  "votes" INTEGER DEFAULT 0,
  "tags" TEXT,
  "done_by" TEXT NOT NULL,
  "edited_by" TEXT,
  "double" INTEGER,
  "number" INTEGER,
  PRIMARY KEY ("id")
) STRICT, WITHOUT ROWID`,
    'CREATE INDEX IF NOT EXISTS "checks(project_id,status)" ON "checks" ("project_id", "status")',
    'CREATE INDEX IF NOT EXISTS "checks(title)" ON "checks" ("title")',
  ])
})

test('[P13.3] SQLite accepts the mirror and rows in any order, and keeps keys unique', () => {
  for (const statement of mirrorDdl(sync.manifest)) sqlite.run(statement)
  sqlite.run("insert into members values ('p', 'u', 'nobody')")
  expect(() => sqlite.run("insert into members values ('p', 'u', null)")).toThrow(/UNIQUE/)
  expect(() => sqlite.run("insert into projects (id, name) values (zeroblob(3), 'x')")).toThrow(
    /cannot store BLOB/,
  )
  sqlite.run("insert into projects (name) values ('x')")
  expect(sqlite.query('select length(id), created_at from projects', [])).toEqual([[36, null]])
})

test('[P13.3] identifiers and literals are quoted so that both databases read them back', async () => {
  const texts = ["it's", 'back\\slash', '"quoted"', "\\'; drop table x; --", '', 'ünï 😀', '$1 ?']
  const casts = await openPostgres()
  for (const text of texts) {
    expect(sqlite.query(`select ${quoteSqliteLiteral(text)} as ${quoteIdentifier(text)}`, [])).toEqual([
      [text],
    ])
    await casts.run(`do $do$ begin if ${quotePostgresLiteral(text)} <> convert_from(
      decode('${Buffer.from(text).toString('hex')}', 'hex'), 'utf8') then raise 'different'; end if; end $do$`)
  }
  const values = [null, 1, -0, 1.5, 2n ** 62n, Number.POSITIVE_INFINITY, 1e300, new Uint8Array([0, 255])]
  for (const value of values)
    expect(sqlite.query(`select ${quoteSqliteLiteral(value)}`, [])).toStrictEqual([[value]])
  expect(quoteTable({ schema: 'public', name: 'a"b' })).toBe('"public"."a""b"')
  await casts.close()
})
