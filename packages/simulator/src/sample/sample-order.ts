/**
 * Work whose statements Postgres takes in their own order only: a flag that one row at most has, places that no two rows
 * share, two tables that refer to each other, one of them without Drizzle's knowing.
 *
 * Each device has shelves, crews and hands of its own, so that nothing ever speaks against these transactions.
 */
import type { SqlParam } from '@landfall/engine'
import type { SeededRandom } from '@landfall/testkit'
import { boolean, integer, pgTable, text, unique, uniqueIndex } from 'drizzle-orm/pg-core'
import { sql } from 'drizzle-orm'

const common = { id: text().primaryKey(), projectId: text('project_id').notNull() }

const shelves = pgTable(
  'shelves',
  {
    ...common,
    device: text().notNull(),
    place: integer().notNull(),
    isTop: boolean('is_top').notNull().default(false),
  },
  (t) => [unique().on(t.device, t.place), uniqueIndex().on(t.device).where(sql`is_top`)],
)
const crews = pgTable('crews', { ...common, lead: text() })
const hands = pgTable('hands', {
  ...common,
  crew: text()
    .notNull()
    .references(() => crews.id),
})

export const ORDERED = { shelves, crews, hands }

export const ORDERED_DDL = `
  CREATE TABLE shelves (
    id text PRIMARY KEY, project_id text NOT NULL, device text NOT NULL, place integer NOT NULL,
    is_top boolean NOT NULL DEFAULT false, UNIQUE (device, place));
  CREATE UNIQUE INDEX ON shelves (device) WHERE is_top;
  CREATE TABLE crews (id text PRIMARY KEY, project_id text NOT NULL, lead text);
  CREATE TABLE hands (id text PRIMARY KEY, project_id text NOT NULL, crew text NOT NULL REFERENCES crews);
  ALTER TABLE crews ADD FOREIGN KEY (lead) REFERENCES hands;`

type Statement = { sql: string; params: SqlParam[] }
type Place = { device: string; project: string; nth: number }

/** One of the kinds of work. */
export function orderedWork(at: Place, random: SeededRandom): Statement[] {
  const [one = 1, other = 2] = [1, 2, 3].filter((n) => n !== 1 + random.below(3))
  const between = random.below(2) === 0 ? [one, other] : [other, one]
  const shelf = (n = 1): string => `${at.device}-${n}`
  switch (random.below(3)) {
    case 0:
      return [...shelvesOf(at), ...moveTop(at, shelf(between[0]))]
    case 1:
      return [...shelvesOf(at), ...swap(at, shelf(between[0]), shelf(between[1]))]
    default:
      return crewWithLead(at)
  }
}

/** Three of them, once. */
const shelvesOf = ({ device, project }: Place): Statement[] => [
  {
    sql: `insert into shelves (id, project_id, device, place, is_top)
      values (?, ?, ?, 1, 1), (?, ?, ?, 2, 0), (?, ?, ?, 3, 0) on conflict do nothing`,
    params: [1, 2, 3].flatMap((n) => [`${device}-${n}`, project, device]),
  },
]

const moveTop = ({ device }: Place, shelf: string): Statement[] => [
  { sql: 'update shelves set is_top = 0 where device = ? and is_top', params: [device] },
  { sql: 'update shelves set is_top = 1 where id = ?', params: [shelf] },
]

/** By a place that no shelf has; the three add up to six. */
const swap = ({ device }: Place, a: string, b: string): Statement[] => [
  { sql: 'update shelves set place = -place where id = ?', params: [a] },
  {
    sql: 'update shelves set place = (select -place from shelves where id = ?) where id = ?',
    params: [a, b],
  },
  {
    sql: `update shelves set place = 6 - (select sum(place) from shelves where device = ? and id <> ?) where id = ?`,
    params: [device, a, a],
  },
]

function crewWithLead({ device, project, nth }: Place): Statement[] {
  const crew = `${device}-${nth}`
  const lead = `${crew}-lead`
  return [
    { sql: 'insert into crews (id, project_id) values (?, ?)', params: [crew, project] },
    { sql: 'insert into hands (id, project_id, crew) values (?, ?, ?)', params: [lead, project, crew] },
    { sql: 'update crews set lead = ? where id = ?', params: [lead, crew] },
  ]
}
