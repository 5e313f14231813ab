import type { SqlApi, EngineEvent, SqlParam } from '@landfall/engine'
import { LandfallError } from '@landfall/protocol'
import { expect, test } from 'vitest'
import { createLive } from '../src/live/live-query.ts'
import { LiveQueriesOfPage } from '../src/live/registry.ts'
import { rowObject } from '../src/row-objects.ts'

/** The engine's side as far as the registry sees it: what it was asked, and an answer of the test's choice. */
function page(refuse: () => LandfallError | null = () => null) {
  const asked: string[] = []
  const live = async (id: number, sql: string): Promise<void> => {
    asked.push(`live ${id} ${sql}`)
    const error = refuse()
    if (error !== null) throw error
  }
  const unlive = async (id: number): Promise<void> => void asked.push(`unlive ${id}`)
  const registry = new LiveQueriesOfPage({ live, unlive } as unknown as SqlApi)
  const open = (sql: string, params: SqlParam[] = []) =>
    createLive(registry.registration(sql, params), rowObject)
  const status = (leader: boolean) => registry.heard({ kind: 'status', status: { leader } as never })
  return { asked, registry, open, status }
}

const patch = (id: number, order: number[], rows: string[][]): EngineEvent => ({
  kind: 'live',
  id,
  patch: { columns: ['title'], order, rows },
})

test('[P9.1] a patch keeps the objects of unchanged rows, wherever they move', () => {
  const { registry, open } = page()
  const live = open('select title from notes')
  live.subscribe(() => {})
  registry.heard(patch(1, [-1, -2, -3], [['a'], ['b'], ['c']]))
  const [a, b, c] = live.result?.rows ?? []
  registry.heard(patch(1, [2, -1, 0], [['new']]))
  const rows = live.result?.rows ?? []
  expect(rows).toEqual([{ title: 'c' }, { title: 'new' }, { title: 'a' }])
  expect([rows[0] === c, rows[2] === a, rows.includes(b ?? {})]).toEqual([true, true, false])
  expect(live.result).toBe(live.result)
})

test('[P9.1] parameters that differ in type alone are different queries', () => {
  const { asked, open } = page()
  for (const param of [1, 1n, '1', true, null, 0, -0, new Uint8Array([1])])
    open('select ?', [param]).subscribe(() => {})
  open('select ?', [1]).subscribe(() => {})
  expect(asked).toHaveLength(8)
})

test('[P12] an error is told beside the last rows, and the next result clears it', () => {
  const { registry, open } = page()
  const live = open('select title from notes')
  const told: (string | null)[] = []
  live.subscribe(({ rows, error }) => told.push(`${rows.length} ${error?.code ?? 'fine'}`))
  registry.heard(patch(1, [-1], [['a']]))
  registry.heard({ kind: 'liveError', id: 1, error: { code: 'sql_error', message: '', details: {} } })
  registry.heard(patch(1, [-1], [['b']]))
  expect(told).toEqual(['1 fine', '1 sql_error', '1 fine'])
})

test('[P12] a live query that the engine refuses tells the code', async () => {
  const { open } = page(
    () => new LandfallError('sql_error', { sqlite: { code: 1, message: 'no such table' } }),
  )
  const live = open('selec')
  const error = await new Promise((resolve) => live.subscribe(({ error: found }) => resolve(found)))
  expect(error).toMatchObject({
    code: 'sql_error',
    details: { sqlite: { code: 1, message: 'no such table' } },
  })
})

test('[P15] live queries wait while another tab leads, and start when this tab leads', async () => {
  let inUse: LandfallError | null = new LandfallError('database_in_use')
  const { asked, registry, open, status } = page(() => inUse)
  status(false)
  const live = open('select title from notes')
  live.subscribe(() => {})
  expect(asked).toEqual([])
  inUse = null
  status(true)
  expect(asked).toEqual(['live 1 select title from notes'])
  registry.heard(patch(1, [-1], [['a']]))
  status(false)
  status(true)
  expect(asked).toHaveLength(2)
  registry.heard(patch(1, [-1], [['again']]))
  expect(live.result?.rows).toEqual([{ title: 'again' }])
})
