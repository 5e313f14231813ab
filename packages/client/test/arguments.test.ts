/** What may be passed to SQL, and what is said of the rest. */
import type { SqlApi, SqlParam } from '@landfall/engine'
import { LandfallError } from '@landfall/protocol'
import { expect, test } from 'vitest'
import { checkedSql } from '../src/arguments.ts'

const SECRET = 'correct horse battery staple'

/** An engine that keeps the parameters it is given. */
function recording() {
  const given: unknown[] = []
  const result = { columns: [], rows: [], changes: 0 }
  const sql = {
    query: async (_: string, params: SqlParam[]) => {
      given.push(params)
      return result
    },
    batch: async (statements: unknown[]) => {
      given.push(...statements)
      return []
    },
    live: async (_id: number, _sql: string, params: SqlParam[]) => void given.push(params),
  } as unknown as SqlApi
  return { sql: checkedSql(sql), given }
}

async function refusal(work: Promise<unknown>): Promise<LandfallError> {
  const error: unknown = await work.then(() => null).catch((thrown: unknown) => thrown)
  if (!(error instanceof LandfallError)) throw new Error(`expected a coded error, got ${String(error)}`)
  return error
}

const params = (list: unknown): SqlParam[] => list as SqlParam[]

const refused: [string, unknown, object][] = [
  ['undefined', [1, undefined], { parameter: 2, found: 'undefined', cure: 'Pass null for NULL.' }],
  ['a hole', Object.assign([1], { 2: 3 }), { parameter: 2, found: 'undefined' }],
  ['a date', [new Date(0)], { parameter: 1, found: 'Date' }],
  ['an object', [{ password: SECRET }], { parameter: 1, found: 'Object' }],
  ['a list', [[SECRET]], { parameter: 1, found: 'array' }],
  ['a function', [() => SECRET], { parameter: 1, found: 'function' }],
  ['a symbol', [Symbol(SECRET)], { parameter: 1, found: 'symbol' }],
  ['a buffer', [new ArrayBuffer(4)], { parameter: 1, found: 'ArrayBuffer' }],
  ['a proxy of bytes', [new Proxy(new Uint8Array(4), {})], { parameter: 1 }],
  ['named parameters', { title: SECRET }, { found: 'Object' }],
  ['one bare value', SECRET, { found: 'string' }],
  ['null for the list', null, { found: 'null' }],
]

test.each(refused)(
  '[P12.8] %s as parameters is refused in query, batch and live',
  async (_, list, details) => {
    const { sql, given } = recording()
    const batch = list === null ? [] : [sql.batch([['select 1', params(list)]], null)]
    const calls = [sql.query('select ?', params(list)), sql.live(1, 'select ?', params(list)), ...batch]
    for (const call of calls) {
      const error = await refusal(call)
      expect(error).toMatchObject({ code: 'argument_invalid', details })
      expect(JSON.stringify(error.details) + error.message).not.toContain(SECRET)
    }
    expect(given).toEqual([])
  },
)

test('[P12.8] values that SQLite takes pass unchanged, also out of a proxied array', async () => {
  const { sql, given } = recording()
  const plain: SqlParam[] = [null, 1, 2n, true, 'x', new Uint8Array([1])]
  await sql.query('select 1', new Proxy([...plain], {}))
  expect(given).toEqual([plain])
  expect(structuredClone(given)).toEqual([plain])
})

test('[P12.8] SQL that is no text and statements that are no pairs are refused', async () => {
  const { sql } = recording()
  const query = { toSQL: () => ({ sql: 'select 1', params: [] }) }
  const wrong = [
    sql.query(query as unknown as string, []),
    sql.batch(['select 1'] as never, null),
    sql.batch('select 1' as never, null),
  ]
  for (const call of wrong) expect((await refusal(call)).code).toBe('argument_invalid')
})
