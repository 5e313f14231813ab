/** Vitest's global setup: one real Postgres for the whole run. What it returns runs at the end. */
import { sharePostgres } from '../src/postgres.ts'

export default async function setup(): Promise<() => Promise<void>> {
  const shared = await sharePostgres()
  console.log(shared.description)
  return shared.release
}
