/** The repository keeps its own rules: each finding names the file, the line and the cure. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { checkRepository, formatFinding } from '../run/tidy/check.ts'
import { loadRepository } from '../run/tidy/repository.ts'

const repository = loadRepository(fileURLToPath(new URL('../../..', import.meta.url)))
const found = checkRepository(repository)

test.each([...found.keys()])('[T4] the repository is tidy: %s', (check) => {
  expect(repository.modules.length).toBeGreaterThan(30)
  expect(found.get(check)?.map(formatFinding)).toEqual([])
})
