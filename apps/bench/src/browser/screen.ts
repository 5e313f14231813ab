/** One screen of the remote-change workload: a live query on one row, and when it showed what. */
import { client } from './client.ts'
import { now } from './page-api.ts'

const seen = new Map<unknown, number>()
const waiting = new Map<unknown, (at: number) => void>()

export async function watch({ id }: { id: string }): Promise<void> {
  const db = client()
  db.live('SELECT id, title FROM items WHERE id = ?', [id]).subscribe(({ rows }) => {
    const at = now()
    const title = rows[0]?.['title']
    seen.set(title, at)
    waiting.get(title)?.(at)
  })
}

export async function write({ id, title }: { id: string; title: string }): Promise<number> {
  const start = now()
  await client().run('UPDATE items SET title = ? WHERE id = ?', [title, id])
  return start
}

export function whenSeen({ title }: { title: string }): Promise<number> {
  const at = seen.get(title)
  return at === undefined ? new Promise((resolve) => waiting.set(title, resolve)) : Promise.resolve(at)
}

export async function roundTrip(): Promise<number> {
  const start = performance.now()
  const response = await fetch('/sync/health', { cache: 'no-store' })
  await response.json()
  return performance.now() - start
}
