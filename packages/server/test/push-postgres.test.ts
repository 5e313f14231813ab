import { afterAll, beforeAll, describe } from 'vitest'
import { pushContract } from './push-contract.ts'
import { createPushWorld, type PushWorld } from './support/push-world.ts'

let world: PushWorld

beforeAll(async () => {
  world = await createPushWorld()
})
afterAll(() => world.close())

describe('push', () => pushContract(() => world))
