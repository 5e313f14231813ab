/** Playwright's global setup: the Chromium its workers start, and all that Vitest's global setup does. */
import { findChromium } from '../src/chromium.ts'
import setup from './global-setup.ts'

export default function browserSetup(): Promise<() => Promise<void>> {
  const chromium = findChromium()
  console.log(chromium.description)
  process.env['LANDFALL_TEST_CHROMIUM'] = chromium.path
  return setup()
}
