import { afterAll, beforeAll } from 'vitest'
import { pushBlameContract } from './push-blame-contract.ts'
import { createPushWorld, type PushWorld } from './support/push-world.ts'

let world: PushWorld

beforeAll(async () => {
  world = await createPushWorld()
})
afterAll(() => world.close())

pushBlameContract(() => world)
