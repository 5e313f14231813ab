/**
 * A real Chromium with a page of the sources: bundled by rolldown with Landfall's worker beside it, served over HTTP.
 *
 * One bundle for all tests of a file; each test gets a browser profile of its own, with its own OPFS.
 */
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { chromiumArgs, findChromium } from './chromium.ts'
import { type Browser, type BrowserContext, chromium, type LaunchOptions, type Page } from 'playwright-core'
import { rolldown } from 'rolldown'

export type PageServer = {
  origin: string
  /** A profile of its own. */
  context(): Promise<BrowserContext>
  /** A browser of its own on the profile in that folder, which is on disk and outlives it. */
  profile(folder: string): Promise<BrowserContext>
  /** The page, with its script run. */
  open(context: BrowserContext): Promise<Page>
  close(): Promise<void>
}

/** Answers what is not a file of the page; the sync server, for instance. */
export type Backend = (request: IncomingMessage, response: ServerResponse) => void

const TYPES: Record<string, string> = {
  html: 'text/html',
  js: 'text/javascript',
  wasm: 'application/wasm',
}

/** Serves the page whose script is the file at `script`. */
export async function servePage(script: URL, backend: Backend = refuse): Promise<PageServer> {
  const files = new Map<string, string | Uint8Array>([
    [
      '/',
      '<!doctype html><meta charset="utf-8"><div id="root"></div><script type="module" src="/page.js"></script>',
    ],
    ['/page.js', await bundle(fileURLToPath(script))],
    ['/worker.js', await bundle('@landfall/client/worker')],
    [
      '/sqlite3.wasm',
      await readFile(createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm')),
    ],
  ])
  const server = await listen((request, response) => {
    const path = new URL(request.url ?? '/', 'http://page').pathname
    const body = files.get(path)
    if (body === undefined) return backend(request, response)
    const type = TYPES[path.split('.')[1] ?? 'html'] ?? 'text/plain'
    response.writeHead(200, { 'content-type': type }).end(body)
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const options = launchOptions()
  let browser: Promise<Browser> | null = null
  return {
    origin,
    context: async () => (await (browser ??= chromium.launch(options))).newContext(),
    profile: (folder) => chromium.launchPersistentContext(folder, options),
    async open(context) {
      const page = await context.newPage()
      await page.goto(origin)
      await page.waitForFunction('window.ready')
      return page
    },
    async close() {
      await (await browser)?.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

function launchOptions(): LaunchOptions {
  return { executablePath: findChromium().path, args: chromiumArgs(), headless: true }
}

async function bundle(input: string): Promise<string> {
  const build = await rolldown({
    input,
    platform: 'browser',
    resolve: { conditionNames: ['@landfall/source', 'import', 'browser', 'default'] },
    // In production React's StrictMode does nothing.
    transform: { define: { 'process.env.NODE_ENV': '"development"' } },
    // 'use client' in the React package is for servers that render components; it may be lost here.
    onLog: (level, log, say) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && say(level, log),
  })
  const { output } = await build.generate({ format: 'esm', codeSplitting: false })
  await build.close()
  return output[0].code
}

function listen(answer: Backend): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer(answer)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

function refuse(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain' }).end('nothing here')
}
