/**
 * The app in Next, rendered on the server first: the provider gives its fallback there. Sync runs beside it, behind a
 * rewrite.
 *
 * Next writes scripts into its page, so its policy needs `unsafe-inline` or a nonce for them; Landfall needs neither.
 */
import { join } from 'node:path'
import { type App, startApp } from '@landfall/tools/app'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Consumer } from '../support/consumer.ts'
import { createOrdersProject, openOrders, type Orders, REACT_19 } from '../support/orders-app.ts'
import { ordersContract } from '../support/orders-contract.ts'

const BUNDLER = { next: '16.4.6', typescript: '5.9.3' }

const CONFIG = `
  const policy = "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'"
  export default {
    rewrites: async () => [{ source: '/sync/:path*', destination: process.env.SYNC_SERVER + '/sync/:path*' }],
    headers: async () => [{ source: '/(.*)', headers: [{ key: 'Content-Security-Policy', value: policy }] }],
  }
`

const PAGE = `
  'use client'
  import { App } from '../Orders.tsx'
  export default function Page() { return <App /> }
`

const LAYOUT = `
  import type { ReactNode } from 'react'
  export const metadata = { title: 'Orders', icons: '/favicon.svg' }
  export default function Layout({ children }: { children: ReactNode }) {
    return <html lang="en"><body>{children}</body></html>
  }
`

const TYPESCRIPT = {
  compilerOptions: {
    target: 'es2022',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    module: 'esnext',
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
    jsx: 'react-jsx',
    strict: true,
  },
  include: ['next-env.d.ts', 'src', 'sync.ts', 'schema.ts'],
}

let project: Consumer
let orders: Orders
let html: string
beforeAll(async () => {
  project = createOrdersProject({ tarballs: inject('tarballs'), react: REACT_19, bundler: BUNDLER })
  project.write('next.config.mjs', CONFIG)
  project.write('src/app/page.tsx', PAGE)
  project.write('src/app/layout.tsx', LAYOUT)
  project.write('tsconfig.json', JSON.stringify(TYPESCRIPT))
  orders = await openOrders(project, startNext)
  html = await (await fetch(orders.page.url())).text()
})
afterAll(async () => {
  await orders?.close()
  project?.remove()
})

function startNext(server: App): Promise<App> {
  const { folder } = project
  project.write('.env', `SYNC_SERVER=${server.url}\nNEXT_TELEMETRY_DISABLED=1\n`)
  project.run('next', 'build')
  const entry = join(folder, 'node_modules/next/dist/bin/next')
  return startApp({ entry, args: ['start', folder], databaseUrl: '', ready: /Ready in/ })
}

test('[T11.4] Next renders the page on the server, with the fallback of the provider', () => {
  expect(html).toContain('<p>Opening</p>')
})

ordersContract('Next', () => orders)
