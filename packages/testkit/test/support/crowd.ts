/**
 * Tables whose names and columns are whatever one likes: keys, scopes, counters, sets and texts are called by given names.
 *
 * For showing that no name clashes: `identifiersIn` takes the names from the texts that are run, so that a new name in a
 * statement is a new column here by itself.
 */
import { defineSync, type SyncDefinition } from '@landfall/schema'
import { quoteIdentifier as quote } from '@landfall/schema/internal'
import * as pg from 'drizzle-orm/pg-core'

/** One table: its columns by their part. */
export type CrowdTable = {
  name: string
  key: string
  scope: string
  counter: string
  members: string
  texts: string[]
  /** In Postgres only. */
  unsynced: string[]
}

/** Every identifier of SQL texts, function bodies included, once. Literals are no identifiers. */
export function identifiersIn(texts: Iterable<string>): string[] {
  const found = new Set<string>()
  for (const text of texts) {
    const bare = text.replaceAll(/--.*$/gm, '').replaceAll(/E?'(?:[^']|'')*'/g, ' ')
    for (const [, quoted, word] of bare.matchAll(/"((?:[^"]|"")+)"|([A-Za-z_][A-Za-z0-9_$]*)/g))
      found.add((quoted ?? word ?? '').toLowerCase())
  }
  return [...found].filter(mayBeColumn).toSorted()
}

/** Postgres' own columns, names that it cuts, and the parameters of functions. */
function mayBeColumn(name: string): boolean {
  const system = ['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid', '']
  return !system.includes(name) && Buffer.byteLength(name) <= 63 && !/^(?:t|p)?\d+$/.test(name)
}

const COLUMNS_A_TABLE = 40

/** Tables that give every name to a column; the first names of each also stand for table, key, scope and policies. */
export function crowdOf(names: readonly string[]): CrowdTable[] {
  const reserved = names.filter((name) => name.startsWith('landfall_'))
  const free = names.filter((name) => !name.startsWith('landfall_'))
  const tables: CrowdTable[] = []
  for (let at = 0; at < free.length; at += COLUMNS_A_TABLE) {
    const columns = free.slice(at, at + COLUMNS_A_TABLE)
    const [key = 'key', scope = 'scope', counter = 'counter', members = 'members', ...texts] = columns
    const name = texts[0] ?? 'other_name'
    const unsynced = reserved.slice(0, 200)
    tables.push({
      name: name.startsWith('sqlite_') ? 'name' : name,
      key,
      scope,
      counter,
      members,
      texts: [...texts, 'other_text', 'last_text'],
      unsynced,
    })
  }
  return tables
}

export function crowdDdl(tables: readonly CrowdTable[]): string[] {
  return tables.map(({ name, key, scope, counter, members, texts, unsynced }) => {
    const others = [...texts, ...unsynced].map((column) => `${quote(column)} text`)
    return `CREATE TABLE ${quote(name)} (
      ${quote(key)} text PRIMARY KEY, ${quote(scope)} text, ${quote(counter)} int, ${quote(members)} text[],
      ${others.join(', ')})`
  })
}

export function crowdSync(tables: readonly CrowdTable[]): SyncDefinition {
  const entries = tables.map((table, i) => [`t${i}`, drizzleTable(table)] as const)
  const policies = { counter: 'counter', members: 'set', text0: 'text', text1: 'review' } as const
  return defineSync({
    tables: Object.fromEntries(entries),
    scopes: {
      team: Object.fromEntries(
        entries.map(([name]) => [name, (t: Record<string, never>) => t['scope'] as never]),
      ),
    },
    conflicts: Object.fromEntries(entries.map(([name]) => [name, policies])),
  } as never)
}

function drizzleTable({ name, key, scope, counter, members, texts }: CrowdTable) {
  return pg.pgTable(name, {
    key: pg.text(key).primaryKey(),
    scope: pg.text(scope),
    counter: pg.integer(counter),
    members: pg.text(members).array(),
    ...Object.fromEntries(texts.map((column, i) => [`text${i}`, pg.text(column)])),
  })
}
