import { afterAll, beforeAll, describe } from 'vitest'
import { orderContract } from './order-contract.ts'
import { createOrderWorld, DEFERRABLE, type OrderWorld } from './support/ordering.ts'

describe.each(DEFERRABLE.slice(0, 2))('constraints %s', (deferrable) => {
  let world: OrderWorld
  beforeAll(async () => {
    world = await createOrderWorld(deferrable, 'pglite:memory')
  })
  afterAll(() => world.close())
  orderContract(() => world)
})
