/** A Vite app on React 19 from the packed packages. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Consumer } from './support/consumer.ts'
import { ordersContract } from './support/orders-contract.ts'
import { openOrders, type Orders, REACT_19 } from './support/orders-app.ts'
import { createViteProject } from './support/vite.ts'

let project: Consumer
let orders: Orders
beforeAll(async () => {
  project = createViteProject(inject('tarballs'), REACT_19)
  project.run('vite', 'build')
  orders = await openOrders(project)
})
afterAll(async () => {
  await orders?.close()
  project?.remove()
})

test('[T11.3] React 19: the app installs without a warning of Landfall, and its types are right', () => {
  expect(project.installed).not.toMatch(/EBADENGINE|ERESOLVE|peer|deprecated/)
  expect(project.run('tsc', '--noEmit')).toBe('')
})

ordersContract('Vite, React 19', () => orders)
