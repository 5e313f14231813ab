import { afterAll, beforeAll, describe } from 'vitest'
import { pushConflictsContract } from './push-conflicts-contract.ts'
import { pushContract } from './push-contract.ts'
import { pushRightsContract } from './push-rights-contract.ts'
import { createPushWorld, type PushWorld } from './support/push-world.ts'

let world: PushWorld

beforeAll(async () => {
  world = await createPushWorld({ address: 'pglite:memory' })
})
afterAll(() => world.close())

describe('push', () => pushContract(() => world))
describe('conflicts', () => pushConflictsContract(() => world))
describe('rights', () => pushRightsContract(() => world))
