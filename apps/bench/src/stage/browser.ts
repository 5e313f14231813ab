/**
 * A real Chromium with a profile on disk: in a private window OPFS would live in memory behind another process, which is
 * not what people have.
 */
import { findChromium } from '@landfall/tools/chromium'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import type { PageApi } from '../browser/page-api.ts'
import { findProcess } from '../runner/cpu.ts'

export type Screen = {
  call<Name extends keyof PageApi>(
    name: Name,
    options: Parameters<PageApi[Name]>[0],
  ): Promise<Awaited<ReturnType<PageApi[Name]>>>
  close(): Promise<void>
}

export type Browser = { version: string; pid: number | null; open(): Promise<Screen>; close(): Promise<void> }

export async function startBrowser(profile: string, origin: string): Promise<Browser> {
  const { path, args, version } = findChromium()
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: path,
    args,
    // The stage closes everything, the browser too.
    handleSIGINT: false,
    handleSIGTERM: false,
  })
  return {
    version: version.replace(/^\D*([\d.]+).*$/, '$1'),
    pid: findProcess(`--user-data-dir=${profile}`),
    open: () => openScreen(context, origin),
    close: () => context.close(),
  }
}

async function openScreen(context: BrowserContext, origin: string): Promise<Screen> {
  const page = await context.newPage()
  const failure = firstFailure(page)
  await page.goto(origin)
  await Promise.race([page.waitForFunction(() => 'bench' in globalThis), failure])
  return {
    // Runs in the page: types stop at the border and are given by the signature.
    call: (name, options) =>
      Promise.race([
        page.evaluate(
          ([method, argument]) => {
            const { bench } = globalThis as unknown as {
              bench: Record<string, (options: unknown) => unknown>
            }
            return bench[method]?.(argument)
          },
          [name, options] as const,
        ) as Promise<never>,
        failure,
      ]),
    close: () => page.close(),
  }
}

/** Rejects when the page throws outside of a call; never resolves. */
function firstFailure(page: Page): Promise<never> {
  const failure = new Promise<never>((_, reject) => page.on('pageerror', reject))
  failure.catch(() => {}) // heard by the call under way, if there is one
  return failure
}
