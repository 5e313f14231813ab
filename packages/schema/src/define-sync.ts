/**
 * `defineSync`: one definition of the synced tables, from the Drizzle Postgres schema, for both sides.
 *
 * Everything that could fail later is refused here, all problems at once, each with its table, column and cure
 * (`schema_invalid`). Does not talk to a database: whether Postgres really looks like this is `migrateSync`'s work.
 */
import { hashManifest, LandfallError, type ManifestTable } from '@landfall/protocol'
import { customPolicies } from './custom-policies.ts'
import type { ColumnRules, MirrorTables, PgTables, SyncDefinition, SyncInput } from './definition.ts'
import { manifestTable } from './manifest-table.ts'
import { parentsFirst } from './parents-first.ts'
import type { Problem } from './problem.ts'
import { sqliteTableFor } from './sqlite-table.ts'
import { checkMentions, type LooseInput, rulesFor } from './sync-rules.ts'
import { checkTables } from './table-names.ts'
import { checkScopeTypes } from './write-rules.ts'

const DEFAULT_APP_NAME = 'app'

/**
 * Defines what is synced: Drizzle tables, the scopes their rows belong to, and rules for columns and conflicts.
 *
 * Throws `schema_invalid` with every problem at once (`details.problems`), each with its table, column and cure: a type
 * that is not supported, a table without a primary key or in no scope, a name that does not exist.
 *
 * ```ts
 * export const sync = defineSync({
 *   name: 'fieldbook',
 *   tables: { projects, checks, countries },
 *   scopes: { project: { projects: p => p.id, checks: c => c.projectId }, public: { countries: true } },
 *   columns: { checks: { exclude: ['internalCost'], readonly: ['createdAt'] } },
 *   conflicts: { checks: { title: 'review', votes: 'counter', '*': 'last-write' } },
 * })
 * ```
 */
export function defineSync<
  const Tables extends PgTables,
  const Scope extends string,
  const Rules extends ColumnRules<Tables> = object,
>(input: SyncInput<Tables, Scope, Rules>): SyncDefinition<Tables, Scope, MirrorTables<Tables, Rules>> {
  const loose = input as unknown as LooseInput // from here on names are checked, not typed
  const problems: Problem[] = []
  const name = appName(input.name, problems)
  checkMentions(loose, problems)
  const built = checkTables(input.tables, problems).map(([property, table]) => ({
    property,
    table,
    manifest: manifestTable(table, rulesFor(loose, property, problems), problems),
  }))
  const tables = parentsFirst(knownParents(built.map(({ manifest }) => manifest)))
  checkScopeTypes(tables, problems)
  if (problems.length > 0) throw new LandfallError('schema_invalid', { problems })
  const sqlite = Object.fromEntries(
    built.map(({ property, table, manifest }) => [property, sqliteTableFor(table, manifest)]),
  )
  return {
    name,
    manifest: { tables, hash: hashManifest(tables) },
    tables: input.tables,
    sqlite: sqlite as MirrorTables<Tables, Rules>, // the types follow the tables as the columns here do
    scopes: Object.keys(input.scopes) as Scope[],
    policies: customPolicies(input.tables, loose.conflicts ?? {}),
  }
}

const APP_NAME = /^\S(?:.{0,61}\S)?$/u

function appName(name: string | undefined, problems: Problem[]): string {
  if (name !== undefined && !APP_NAME.test(name)) {
    const cure = 'give `name` 1 to 63 characters, without spaces at its ends'
    problems.push({ table: '', problem: `${JSON.stringify(name)} cannot be the name of an app`, cure })
  }
  return name ?? DEFAULT_APP_NAME
}

/** Only synced tables count as parents. */
function knownParents(tables: ManifestTable[]): ManifestTable[] {
  const names = new Set(tables.map(({ name }) => name))
  return tables.map((table) => ({ ...table, parents: table.parents.filter((parent) => names.has(parent)) }))
}
