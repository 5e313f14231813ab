/** Wrong names do not compile; each line below `@ts-expect-error` must be an error for the type check to pass. */
import { expect, expectTypeOf, test } from 'vitest'
import { defineSync, type SyncDefinition } from '@landfall/schema'
import { checks, type countries, type members, projects, sync } from './support/tables.ts'

const tables = { checks, projects }
const scopes = {
  project: { projects: (p: typeof projects) => p.id, checks: (c: typeof checks) => c.projectId },
}

test('[P13.3] a wrong name is a type error', () => {
  const wrong = [
    // @ts-expect-error no such table
    () => defineSync({ tables, scopes: { project: { nope: true } } }),
    // @ts-expect-error no such column
    () => defineSync({ tables, scopes: { project: { checks: (c) => c.nope } } }),
    // @ts-expect-error no such table
    () => defineSync({ tables, scopes, columns: { nope: { exclude: ['id'] } } }),
    // @ts-expect-error no such column
    () => defineSync({ tables, scopes, columns: { checks: { exclude: ['nope'] } } }),
    // @ts-expect-error no such rule
    () => defineSync({ tables, scopes, columns: { checks: { hidden: ['title'] } } }),
    // @ts-expect-error no such table
    () => defineSync({ tables, scopes, conflicts: { nope: {} } }),
    // @ts-expect-error no such column
    () => defineSync({ tables, scopes, conflicts: { checks: { nope: 'review' } } }),
    // @ts-expect-error no such policy
    () => defineSync({ tables, scopes, conflicts: { checks: { title: 'coin-toss' } } }),
    // @ts-expect-error a policy returns the column's type
    () => defineSync({ tables, scopes, conflicts: { checks: { votes: () => 'many' } } }),
  ]
  expect(wrong).toHaveLength(9)
})

test('[P13.3] a definition is a SyncDefinition and knows its scopes', () => {
  const any: SyncDefinition = sync
  expect(any).toBe(sync)
  expectTypeOf(sync.scopes).toEqualTypeOf<readonly ('project' | 'public')[]>()
  expectTypeOf(sync.tables.countries).toEqualTypeOf<typeof countries>()
  expectTypeOf(sync.tables.members).toEqualTypeOf<typeof members>()
})

test('[P13.6] the sqlite tables have the pg tables’ row types', () => {
  expectTypeOf<(typeof sync.sqlite.projects)['$inferSelect']>().toEqualTypeOf<
    (typeof projects)['$inferSelect']
  >()
  expectTypeOf<(typeof sync.sqlite.projects)['$inferInsert']>().toEqualTypeOf<
    (typeof projects)['$inferInsert']
  >()
  expectTypeOf<(typeof sync.sqlite.checks)['$inferSelect']>().toEqualTypeOf<
    Omit<(typeof checks)['$inferSelect'], 'internalCost'>
  >()
  expect(Object.keys(sync.sqlite.checks)).not.toContain('internalCost')
})
