import { createTestDatabase, type TestDatabase } from '@landfall/tools/postgres'
import { afterAll, beforeAll, describe } from 'vitest'
import type { Database } from '../src/database/database.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { databaseContract } from './database-contract.ts'

let server: TestDatabase
let database: Database
let unprepared: Database

beforeAll(async () => {
  server = await createTestDatabase()
  database = await openDatabase(server.url)
})

afterAll(async () => {
  await database.close()
  await server.drop()
})

describe('postgres.js', () => databaseContract(() => database))

describe('postgres.js without prepared statements', () => {
  let other: TestDatabase
  beforeAll(async () => {
    other = await createTestDatabase()
    unprepared = await openDatabase(other.url, { prepare: false })
  })
  afterAll(async () => {
    await unprepared.close()
    await other.drop()
  })
  databaseContract(() => unprepared)
})
