import { afterAll, beforeAll } from 'vitest'
import { pushScopesContract } from './push-scopes-contract.ts'
import { club, clubHolders, createClub } from './support/club.ts'
import { createPushWorld, type PushWorld } from './support/push-world.ts'

const app = { sync: club, holders: clubHolders, create: createClub }
let world: PushWorld

beforeAll(async () => {
  world = await createPushWorld({ app, address: 'pglite:memory' })
})
afterAll(() => world.close())

pushScopesContract(() => world)
