import { findChromium } from '@landfall/tools/chromium'
import { expect, test, vi } from 'vitest'

test('[T2] a Chromium is believed only once it has started', () => {
  const chromium = findChromium()
  expect(chromium.version).toMatch(/Chrom(e|ium).* \d+\./)
  vi.stubEnv('CHROMIUM_PATH', '/bin/true')
  expect(() => findChromium()).toThrow(/does not start.*Install/)
  vi.unstubAllEnvs()
})
