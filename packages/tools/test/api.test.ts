/** The public surface: `api.md` of each package is what its sources make, and every name in it is explained. */
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { checkSurface } from '../run/api/check.ts'
import { apiMarkdown } from '../run/api/markdown.ts'
import { PUBLIC_PACKAGES, Surface } from '../run/api/surface.ts'
import { formatFinding } from '../run/tidy/check.ts'
import { loadRepository } from '../run/tidy/repository.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const repository = loadRepository(ROOT)
const surface = new Surface(repository)
/** The page has a section for each code. */
const codes = new Set(repository.files.get('docs/errors.md')?.match(/(?<=^### )[a-z_]+$/gm))

describe.each(PUBLIC_PACKAGES)('%s', (folder) => {
  test('[T6.1] api.md is what `npm run api` makes of the sources', async () => {
    expect([...repository.files.keys()]).toContain(`${folder}/api.md`)
    await expect(apiMarkdown(surface.entriesOf(folder))).toMatchFileSnapshot(`${ROOT}/${folder}/api.md`)
  })
})

test('[T6.2] every exported name, option and method says what it does', () => {
  const entries = PUBLIC_PACKAGES.flatMap((folder) => surface.entriesOf(folder))
  const { total, documented, findings } = checkSurface(surface, entries, codes)
  expect(findings.map(formatFinding)).toEqual([])
  expect(documented).toBe(total)
  expect(total).toBeGreaterThan(200)
})
