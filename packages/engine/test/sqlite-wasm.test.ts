/** The driver: exact values both ways, the statement cache, the gate for app SQL, coded errors, export. */
import { LandfallError } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { loadSqlite } from '../src/adapters/sqlite/raw.ts'
import { openMemory } from '../src/adapters/sqlite-wasm.ts'
import type { SqliteDriver } from '../src/ports.ts'

let driver: SqliteDriver

beforeEach(async () => {
  driver = await openMemory()
})

const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return error instanceof LandfallError ? error.code : `not coded: ${String(error)}`
  }
  return 'no error'
}

test('[P13] the pinned SQLite build is the one in use', async () => {
  const { sqlite3 } = await loadSqlite()
  expect(sqlite3.version.libVersion).toBe('3.54.1')
})

const values = fc.oneof(
  fc.constant(null),
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'binary', minLength: 200, maxLength: 400 }),
  fc.uint8Array({ maxLength: 100 }),
)

/** A safe integer comes back as a number, whichever way it was bound. */
function expected(value: SqliteValue): SqliteValue {
  if (typeof value !== 'bigint') return value
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

test('[P13] every value comes back from a table as it was bound', () => {
  driver.exec('CREATE TABLE kept (id INTEGER PRIMARY KEY, value ANY) STRICT')
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 20 }), (list) => {
      driver.exec('DELETE FROM kept')
      driver.prepare('INSERT INTO kept VALUES (?, ?)').runColumns([list.map((_, i) => i), list])
      const rows = driver.prepare('SELECT value FROM kept ORDER BY id').all([])
      expect(rows.map(([value]) => value)).toStrictEqual(list.map(expected))
    }),
    { numRuns: 300 },
  )
})

const EXACT: [string, SqliteValue][] = [
  ['a leading BOM', '\uFEFFtext'],
  ['U+0000 inside', 'a\0b'],
  ['-0', -0],
  ['the largest double', Number.MAX_VALUE],
  ['an integer-valued double beyond 64 bits', 1e100],
  ['an integer-valued double beyond 2^53', 2 ** 60],
  ['minus infinity', Number.NEGATIVE_INFINITY],
  ['2^53', 2n ** 53n],
  ['the smallest int8', -(2n ** 63n)],
  ['text larger than the scratch memory', 'é'.repeat(300_000)],
  ['bytes larger than the scratch memory', new Uint8Array(300_000).fill(7)],
  ['empty text', ''],
  ['empty bytes', new Uint8Array()],
]

test.each(EXACT)('[P13] %s is exact', (_name, value) => {
  driver.exec('CREATE TABLE kept (value ANY) STRICT')
  driver.prepare('INSERT INTO kept VALUES (?)').run([value])
  expect(driver.prepare('SELECT value FROM kept').all([])).toStrictEqual([[value]])
})

const REFUSED: [string, SqliteValue][] = [
  ['NaN, which SQLite would store as NULL', Number.NaN],
  ['an integer beyond 64 bits', 2n ** 63n],
  ['a lone surrogate', 'a\uD800'],
]

test.each(REFUSED)('[P13.1] %s is refused', (_name, value) => {
  expect(codeOf(() => driver.prepare('SELECT ?').all([value]))).toBe('value_invalid')
})

test('[P12] a wrong number of parameters is an error, not NULL', () => {
  expect(codeOf(() => driver.prepare('SELECT ?, ?').all([1]))).toBe('sql_error')
  expect(codeOf(() => driver.prepare('SELECT 1').all([1]))).toBe('sql_error')
})

test('[P12] SQLite’s errors carry their code and message', () => {
  driver.exec('CREATE TABLE one (id INTEGER PRIMARY KEY) STRICT; INSERT INTO one VALUES (1)')
  const failures = ['INSERT INTO one VALUES (1)', 'SELECT nothing FROM one', 'SELEKT', '-- nothing']
  expect(failures.map((sql) => codeOf(() => driver.prepare(sql).run([])))).toEqual([
    'constraint_failed',
    'sql_error',
    'sql_error',
    'sql_error',
  ])
  try {
    driver.prepare('INSERT INTO one VALUES (1)').run([])
  } catch (error) {
    expect(error).toMatchObject({
      details: { sqlite: { code: 1555, message: expect.stringContaining('one.id') } },
    })
  }
})

const FORBIDDEN = [
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  "ATTACH 'other.db' AS other",
  'DETACH other',
  'PRAGMA recursive_triggers = off',
  'PRAGMA user_version',
  'CREATE TABLE mine (id)',
  'CREATE TEMP TABLE mine (id)',
  'CREATE TEMP TRIGGER t AFTER INSERT ON note BEGIN SELECT 1; END',
  'CREATE INDEX i ON note (body)',
  'DROP TABLE note',
  'ALTER TABLE note ADD COLUMN extra',
  'ANALYZE',
  'REINDEX',
  'DELETE FROM landfall_outbox',
  'UPDATE landfall_outbox SET number = 1',
  'INSERT INTO LANDFALL_OUTBOX VALUES (1)',
  "DELETE FROM note; INSERT INTO note VALUES (1, 'x')",
  'SELECT 1; COMMIT',
]

test.each(FORBIDDEN)('[P16] the app may not run: %s', (sql) => {
  driver.exec(`
    CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT);
    CREATE INDEX by_body ON note (body);
    CREATE TABLE landfall_outbox (number);
  `)
  expect(codeOf(() => driver.prepareUser(sql))).toBe('sql_forbidden')
})

test('[P16] the app may read all tables and write its own, through Landfall’s triggers too', () => {
  driver.exec(`
    CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT);
    CREATE TABLE landfall_outbox (number);
    CREATE TRIGGER landfall_note AFTER INSERT ON note BEGIN INSERT INTO landfall_outbox VALUES (new.id); END;
  `)
  driver.prepareUser("INSERT INTO note VALUES (7, 'x'); -- one statement\n").run([])
  expect(driver.changes()).toBe(1)
  expect(driver.prepareUser('SELECT * FROM landfall_outbox').all([])).toEqual([[7]])
  expect(driver.prepareUser('PRAGMA table_info(note)').all([]).length).toBe(2)
  expect(driver.prepareUser('PRAGMA integrity_check').all([])).toEqual([['ok']])
  expect(driver.prepareUser('WITH RECURSIVE n(i) AS (SELECT 1) SELECT i FROM n').all([])).toEqual([[1]])
  expect(driver.prepareUser('SELECT 1').readonly).toBe(true)
  expect(driver.prepareUser('SAVEPOINT here').readonly).toBe(false)
})

test('[P9.1] a statement’s tables are known, also those of subqueries and those read without columns', () => {
  driver.exec('CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE c (x); CREATE VIEW v AS SELECT x FROM b')
  const sql = 'SELECT (SELECT count(*) FROM a) FROM v WHERE EXISTS (SELECT 1 FROM c)'
  expect(driver.tablesRead(sql)).toEqual(expect.arrayContaining(['a', 'b', 'c']))
  expect(driver.tablesRead('SELECT 1')).toEqual([])
})

test('[P10] statements beyond the cache still work', () => {
  const first = driver.prepare('SELECT 0')
  for (let i = 1; i < 1000; i++) expect(driver.prepare(`SELECT ${i}`).all([])).toEqual([[i]])
  expect(first.all([])).toEqual([[0]])
})

test('[P12] an exported database opens elsewhere', async () => {
  driver.exec("CREATE TABLE note (body TEXT); INSERT INTO note VALUES ('kept')")
  const bytes = driver.export()
  expect([...bytes.subarray(18, 20)]).toEqual([1, 1])
  expect(new TextDecoder().decode(bytes.subarray(0, 15))).toBe('SQLite format 3')
  const { sqlite3 } = await loadSqlite()
  const copy = new sqlite3.oo1.DB()
  const at = sqlite3.wasm.allocFromTypedArray(bytes)
  const FREE_ON_CLOSE = 1
  sqlite3.capi.sqlite3_deserialize(copy.pointer ?? 0, 'main', at, bytes.length, bytes.length, FREE_ON_CLOSE)
  expect(copy.selectValue('SELECT body FROM note')).toBe('kept')
  copy.close()
})

test('[P12.1] a closed database says so', () => {
  const statement = driver.prepare('SELECT 1')
  driver.close()
  driver.close()
  expect(codeOf(() => driver.prepare('SELECT 2'))).toBe('database_closed')
  expect(codeOf(() => statement.all([]))).toBe('database_closed')
})
