/** ARCHITECTURE.md names functions with their files; both must exist. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const ROOT = new URL('../../../', import.meta.url)
const NAMED = /`(\w+)`(?: and `(\w+)`)?\s*\(([\w/.-]+\.ts)\)/g

test('[T5] every function that the journeys of ARCHITECTURE.md name is where they say', () => {
  const text = readFileSync(new URL('ARCHITECTURE.md', ROOT), 'utf8')
  const named = [...text.matchAll(NAMED)].flatMap(([, first, second, file]) =>
    [first, second].flatMap((name) => (name === undefined ? [] : [{ name, file: `packages/${file}` }])),
  )
  expect(named.length).toBeGreaterThan(15)
  const missing = named.filter(({ name, file }) => !declares(file, name))
  expect(missing).toEqual([])
})

function declares(file: string, name: string): boolean {
  const url = new URL(file, ROOT)
  if (!existsSync(url)) return false
  return new RegExp(`export (async )?(function|const|class|type) ${name}\\b`).test(readFileSync(url, 'utf8'))
}
