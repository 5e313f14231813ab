/** The app built by Rsbuild, as `npm create rsbuild` sets it up. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Consumer } from '../support/consumer.ts'
import { createOrdersProject, openOrders, type Orders, REACT_19 } from '../support/orders-app.ts'
import { ordersContract } from '../support/orders-contract.ts'
import { PAGE } from './page.ts'

const BUNDLER = { '@rsbuild/core': '2.3.2', '@rsbuild/plugin-react': '2.1.1' }

const CONFIG = `
  import { defineConfig } from '@rsbuild/core'
  import { pluginReact } from '@rsbuild/plugin-react'

  export default defineConfig({
    plugins: [pluginReact()],
    source: { entry: { index: './src/main.tsx' } },
    html: { template: './page.html' },
  })
`

let project: Consumer
let orders: Orders
let built: string
beforeAll(async () => {
  project = createOrdersProject({ tarballs: inject('tarballs'), react: REACT_19, bundler: BUNDLER })
  project.write('rsbuild.config.mjs', CONFIG)
  project.write('page.html', PAGE)
  built = project.run('rsbuild', 'build')
  orders = await openOrders(project)
})
afterAll(async () => {
  await orders?.close()
  project?.remove()
})

test('[T11.4] Rsbuild builds it without a warning', () => {
  expect(built).not.toMatch(/warn|error/i)
})

ordersContract('Rsbuild', () => orders)
