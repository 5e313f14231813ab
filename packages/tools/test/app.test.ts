import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApp } from '@landfall/tools/app'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'landfall-app-'))
afterAll(() => rmSync(folder, { recursive: true }))

const SERVER = `
  import { createServer } from 'node:http'
  const { PORT, DATABASE_URL } = process.env
  createServer((_, answer) => answer.end(DATABASE_URL)).listen(PORT, () => console.log('ready'))
`

function entry(name: string, source: string): string {
  const file = join(folder, name)
  writeFileSync(file, source)
  return file
}

test('[T1.2] an app can be stopped, killed and started again at the same address', async () => {
  const app = await startApp({ entry: entry('app.mjs', SERVER), databaseUrl: 'postgres://x', ready: /ready/ })
  const answer = (): Promise<string> => fetch(app.url).then((response) => response.text())
  expect(await answer()).toBe('postgres://x')
  for (const end of [app.stop, app.kill]) {
    await end()
    await expect(answer()).rejects.toThrow('fetch failed')
    await app.start()
    expect(await answer()).toBe('postgres://x')
  }
  await app.stop()
})

test('[T1.2] an app that ends before it is ready says why', async () => {
  const start = startApp({
    entry: entry('broken.mjs', 'throw new Error("no such table")'),
    databaseUrl: '',
    ready: /ready/,
  })
  await expect(start).rejects.toThrow('no such table')
})
