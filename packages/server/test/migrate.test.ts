import { defineSync } from '@landfall/schema'
import { createTestDatabase, type TestDatabase } from '@landfall/tools/postgres'
import { integer, pgTable, text, varchar } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../src/database/database.ts'
import { migrateSync } from '../src/migrate/migrate.ts'
import { releaseSync } from '../src/migrate/release.ts'
import { bookkeepingIn } from '../src/log/bookkeeping.ts'
import { captureSql } from '../src/log/triggers.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { failure, query } from './database-contract.ts'

const items = pgTable('items', { id: integer().primaryKey(), owner: text(), name: varchar({ length: 20 }) })
const sync = defineSync({ tables: { items }, scopes: { own: { items: (t) => t.owner } } })

let server: TestDatabase
let database: Database

beforeAll(async () => {
  server = await createTestDatabase('migrate')
  database = await openDatabase(server.url)
})

afterAll(async () => {
  await database.close()
  await server.drop()
})

const problems = async (over: Database = database) => {
  const error = await failure(migrateSync(over, sync))
  expect(error).toMatchObject({ code: 'database_invalid' })
  return (error as { details: { problems: { problem: string }[] } }).details.problems.map(
    ({ problem }) => problem,
  )
}

test('[P12] migrateSync names everything that does not fit, before it changes anything', async () => {
  expect(await problems()).toEqual(['It does not exist.'])
  await query(database, 'CREATE TABLE items (id bigint, name text)')
  expect(await problems()).toEqual([
    'It has no primary key.',
    'Its type is bigint, in the schema integer.',
    'It does not exist.',
    expect.stringMatching(/^Its type is text, in the schema varchar/),
  ])
  await query(database, 'DROP TABLE items')
  await query(database, 'CREATE TABLE items (id int, owner text PRIMARY KEY, name varchar(20))')
  expect(await problems()).toEqual(['Its primary key is {owner}, in the schema {id}.'])
  await query(database, 'DROP TABLE items')
  await query(database, 'CREATE TABLE items (id int PRIMARY KEY, owner text, name varchar(20))')
  await query(database, 'CREATE TABLE more_items () INHERITS (items)')
  expect(await problems()).toEqual(['Other tables inherit from it.'])
  await query(database, 'DROP TABLE more_items')
  const [row] = await query(database, `SELECT to_regnamespace('landfall')::text AS schema`)
  expect(row).toEqual({ schema: null })
})

test('[P12] a role that does not own the tables is told so', async () => {
  const role = `stranger_${crypto.randomUUID().slice(0, 8)}`
  await query(database, `CREATE ROLE ${role} LOGIN`)
  const url = new URL(server.url)
  url.username = role
  const stranger = await openDatabase(url.href, { connections: 1 })
  expect(await problems(stranger)).toEqual(['The role does not own it, so it may not put triggers on it.'])
  await stranger.close()
  await query(database, `DROP ROLE ${role}`)
})

test('[P6.2] migrateSync is idempotent, repairs what was switched off, and lets go of nothing', async () => {
  expect(await migrateSync(database, sync)).toMatchObject({ captured: ['items'], others: [] })
  expect(await migrateSync(database, sync)).toMatchObject({ captured: [], others: [] })
  await query(database, 'ALTER TABLE items DISABLE TRIGGER landfall_landfall_update')
  expect(await migrateSync(database, sync)).toMatchObject({ captured: ['items'], others: [] })
  await query(database, 'CREATE TABLE others (id int PRIMARY KEY, owner text)')
  const others = pgTable('others', { id: integer().primaryKey(), owner: text() })
  const both = defineSync({
    tables: { items, others },
    scopes: { own: { items: (t) => t.owner, others: (t) => t.owner } },
  })
  const less = defineSync({ tables: { others }, scopes: { own: { others: (t) => t.owner } } })
  expect(await migrateSync(database, both)).toMatchObject({ captured: ['others'], others: [] })
  expect(await migrateSync(database, less)).toMatchObject({ captured: [], others: ['items'] })
  const [row] = await query(
    database,
    `SELECT count(*)::text FROM pg_trigger WHERE tgrelid = 'items'::regclass`,
  )
  expect(row).toEqual({ count: '4' })
})

test('[P6.2] two processes that migrate at once do not disturb each other', async () => {
  await releaseSync(database)
  const other = await openDatabase(server.url)
  const reports = await Promise.all([migrateSync(database, sync), migrateSync(other, sync)])
  expect(reports.flatMap((report) => report.captured)).toEqual(['items'])
  await other.close()
})

test('[P8] a long transaction on a synced table makes migrating fail with a retryable answer, not wait for ever', async () => {
  const hasty = await openDatabase(server.url, { timeouts: { lock: 100 } })
  await query(database, 'ALTER TABLE items DISABLE TRIGGER landfall_landfall_update')
  await database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
    await tx.query(`INSERT INTO items VALUES (1, 'a', 'b')`)
    expect(await failure(migrateSync(hasty, sync))).toMatchObject({
      code: 'server_busy',
      details: { reason: 'lock' },
    })
  })
  await hasty.close()
  expect(await migrateSync(database, sync)).toMatchObject({ captured: ['items'], others: [] })
})

test('[P6.2] the generated SQL of a small table reads as it should', () => {
  const [table] = sync.manifest.tables
  expect(table).toBeDefined()
  if (!table) return
  const sql = captureSql({ bookkeeping: bookkeepingIn(), table, perRow: false, hanging: [] })
  expect(sql.triggers.join(';\n')).toMatchInlineSnapshot(`
    "CREATE TRIGGER landfall_landfall_insert AFTER INSERT ON "public"."items" REFERENCING NEW TABLE AS landfall_rows FOR EACH STATEMENT
      EXECUTE FUNCTION "landfall"."capture_insert public.items"();
    ALTER TABLE "public"."items" ENABLE ALWAYS TRIGGER landfall_landfall_insert;
    CREATE TRIGGER landfall_landfall_update AFTER UPDATE ON "public"."items" REFERENCING OLD TABLE AS landfall_old_rows NEW TABLE AS landfall_new_rows FOR EACH STATEMENT
      EXECUTE FUNCTION "landfall"."capture_update public.items"();
    ALTER TABLE "public"."items" ENABLE ALWAYS TRIGGER landfall_landfall_update;
    CREATE TRIGGER landfall_landfall_delete AFTER DELETE ON "public"."items" REFERENCING OLD TABLE AS landfall_rows FOR EACH STATEMENT
      EXECUTE FUNCTION "landfall"."capture_delete public.items"();
    ALTER TABLE "public"."items" ENABLE ALWAYS TRIGGER landfall_landfall_delete;
    CREATE TRIGGER landfall_landfall_truncate AFTER TRUNCATE ON "public"."items" FOR EACH STATEMENT
      EXECUTE FUNCTION "landfall"."capture_truncate public.items"();
    ALTER TABLE "public"."items" ENABLE ALWAYS TRIGGER landfall_landfall_truncate"
  `)
})

test('[P6.2] the generated function of a small table reads as it should', () => {
  const [table] = sync.manifest.tables
  expect(table).toBeDefined()
  if (!table) return
  const sql = captureSql({ bookkeeping: bookkeepingIn(), table, perRow: true, hanging: [] })
  expect(sql.functions[1]).toMatchInlineSnapshot(`
    "
    CREATE OR REPLACE FUNCTION "landfall"."capture_update public.items"() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $landfall$
    #variable_conflict use_variable
    DECLARE
      landfall_key text[];
      landfall_key_was text[];
      landfall_scopes text[];
      landfall_scopes_were text[];
      landfall_columns text[];
      landfall_many boolean;
      landfall_stamp bigint;
      landfall_author text;
    BEGIN

      BEGIN
        landfall_key_was := ARRAY[OLD."id"::text];
        landfall_key := ARRAY[NEW."id"::text];
        landfall_scopes_were := ARRAY[CASE WHEN octet_length(OLD."owner"::text) <= 1000 THEN 'own:' || OLD."owner"::text END];
        landfall_scopes := ARRAY[CASE WHEN octet_length(NEW."owner"::text) <= 1000 THEN 'own:' || NEW."owner"::text END];
        landfall_columns := array_remove(ARRAY[
          CASE WHEN OLD."id" IS DISTINCT FROM NEW."id" THEN 'id' END,
          CASE WHEN OLD."owner" COLLATE pg_catalog."C" IS DISTINCT FROM NEW."owner" COLLATE pg_catalog."C" THEN 'owner' END,
          CASE WHEN OLD."name" COLLATE pg_catalog."C" IS DISTINCT FROM NEW."name" COLLATE pg_catalog."C" THEN 'name' END]::text[], NULL);
      EXCEPTION WHEN OTHERS THEN
        PERFORM "landfall"."mark_failed"('items', SQLSTATE, SQLERRM);
        RETURN NULL;
      END;
      IF landfall_columns = '{}' THEN
        RETURN NULL;
      END IF;
      landfall_stamp := "landfall"."stamp"();
      landfall_author := nullif(current_setting('landfall.landfall_client', true), '');
      IF landfall_key_was <> landfall_key THEN
        IF landfall_scopes_were[1] IS NOT NULL THEN
        INSERT INTO "landfall"."changes" (tbl, key, scope, op, columns, hlc, client)
        VALUES ('items', landfall_key_was, landfall_scopes_were[1], 'd', NULL, landfall_stamp, landfall_author);
        END IF;
        IF landfall_scopes[1] IS NOT NULL THEN
        INSERT INTO "landfall"."changes" (tbl, key, scope, op, columns, hlc, client)
        VALUES ('items', landfall_key, landfall_scopes[1], 'i', NULL, landfall_stamp, landfall_author);
        END IF;
      ELSIF landfall_scopes_were[1] = landfall_scopes[1] THEN
        INSERT INTO "landfall"."changes" (tbl, key, scope, op, columns, hlc, client)
        VALUES ('items', landfall_key, landfall_scopes[1], 'u', landfall_columns, landfall_stamp, landfall_author);
      ELSE
        IF landfall_scopes_were[1] IS NOT NULL THEN
        INSERT INTO "landfall"."changes" (tbl, key, scope, op, columns, hlc, client)
        VALUES ('items', landfall_key, landfall_scopes_were[1], 'x', landfall_columns, landfall_stamp, landfall_author);
        END IF;
        IF landfall_scopes[1] IS NOT NULL THEN
        INSERT INTO "landfall"."changes" (tbl, key, scope, op, columns, hlc, client)
        VALUES ('items', landfall_key, landfall_scopes[1], 'i', landfall_columns, landfall_stamp, landfall_author);
        END IF;
      END IF;
      RETURN NULL;
    END
    $landfall$"
  `)
})

test.each([
  ['database', { pathname: '/no_such_database' }, /database "no_such_database" does not exist/],
  ['user', { username: 'no_such_user' }, /no_such_user/],
  ['port', { port: '1' }, /ECONNREFUSED/],
])('[P12.5] a wrong %s is told to the server’s start in Postgres’ own words', async (_, changes, said) => {
  const url = Object.assign(new URL(server.url), changes)
  const wrong = await openDatabase(url.href)
  const error = await failure(migrateSync(wrong, sync))
  expect(error).toMatchObject({
    code: 'database_unreachable',
    details: { cause: expect.stringMatching(said) as string },
  })
  await wrong.close()
})
