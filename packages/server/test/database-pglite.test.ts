import { afterAll, beforeAll } from 'vitest'
import type { Database } from '../src/database/database.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { databaseContract } from './database-contract.ts'

let database: Database

beforeAll(async () => {
  database = await openDatabase('pglite:memory')
})

afterAll(() => database.close())

databaseContract(() => database)
