/** The app built by webpack. Its configuration is about TypeScript and styles; for Landfall there is nothing in it. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Consumer } from '../support/consumer.ts'
import { createOrdersProject, openOrders, type Orders, REACT_19 } from '../support/orders-app.ts'
import { ordersContract } from '../support/orders-contract.ts'
import { PAGE } from './page.ts'

const BUNDLER = {
  webpack: '5.113.0',
  'webpack-cli': '7.3.1',
  'html-webpack-plugin': '5.6.8',
  'mini-css-extract-plugin': '2.10.2',
  'css-loader': '7.1.5',
  'swc-loader': '0.2.7',
  '@swc/core': '1.16.22',
}

const CONFIG = `
  import HtmlPlugin from 'html-webpack-plugin'
  import CssPlugin from 'mini-css-extract-plugin'

  const swc = { jsc: { parser: { syntax: 'typescript', tsx: true }, transform: { react: { runtime: 'automatic' } } } }
  export default {
    mode: 'production',
    entry: './src/main.tsx',
    output: { publicPath: '/' },
    performance: { hints: false },
    module: { rules: [
      { test: /\\.tsx?$/, exclude: /node_modules/, use: { loader: 'swc-loader', options: swc } },
      { test: /\\.css$/, use: [CssPlugin.loader, 'css-loader'] },
    ] },
    plugins: [new CssPlugin(), new HtmlPlugin({ template: './page.html' })],
  }
`

let project: Consumer
let orders: Orders
let built: string
beforeAll(async () => {
  project = createOrdersProject({ tarballs: inject('tarballs'), react: REACT_19, bundler: BUNDLER })
  project.write('webpack.config.js', CONFIG)
  project.write('page.html', PAGE)
  built = project.run('webpack')
  cpSync(join(project.folder, 'public'), join(project.folder, 'dist'), { recursive: true })
  orders = await openOrders(project)
})
afterAll(async () => {
  await orders?.close()
  project?.remove()
})

test('[T11.4] webpack builds it without a warning about Landfall', () => {
  expect(built).not.toMatch(/WARNING|ERROR/)
})

ordersContract('webpack', () => orders)
