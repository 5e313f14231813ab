/**
 * The simulator's own app: small tables in which every promise has something that breaks visibly.
 *
 * Random work goes over `projects`, `tasks`, `comments`, `things` (every kind of column) and `countries`. The app's own
 * transactions keep rules: `entries` of a project always add up to nothing (P5); `events` are appended, numbered by
 * their writer, and never changed, so that each state shows a prefix of every writer's (P6); `marks` are cells that one
 * device alone counts up (P9), once with each of its events (P2). Two tasks are hot: everybody edits them, each column by
 * its policy. Long transactions of other programs append events of writers of their own.
 */
import { defineSync } from '@landfall/schema'
import { memberOf } from '@landfall/server'
import {
  bigint,
  boolean,
  customType,
  date,
  doublePrecision,
  integer,
  json,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import type { Invariant, SimApp } from '../plan/app.ts'
import { sampleBurst } from './sample-burst.ts'
import { ORDERED } from './sample-order.ts'
import { HOT, setup, SHARED } from './sample-setup.ts'
import { editHotTask, forbidden, foundingRows, sampleLong, sampleWork } from './sample-writes.ts'
import type { RowSet } from '../checks/truth.ts'

const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' })

const projects = pgTable('projects', { id: text().primaryKey(), name: text().notNull() })

const members = pgTable(
  'members',
  { projectId: text('project_id').notNull(), userId: text('user_id').notNull() },
  (t) => [primaryKey({ columns: [t.projectId, t.userId] })],
)

const taskColumns = {
  id: uuid().primaryKey(),
  projectId: text('project_id').notNull(),
  title: text().notNull(),
  body: text(),
  done: boolean().notNull().default(false),
  votes: integer().notNull().default(0),
  stage: text().notNull().default('new'),
  owner: text(),
  tags: text().array(),
  best: doublePrecision(),
  code: varchar({ length: 8 }).unique(),
}

const tasks = pgTable('tasks', taskColumns)
/** As the next version of the app has it. */
const nextTasks = pgTable('tasks', { ...taskColumns, color: text().notNull().default('grey') })

const comments = pgTable('comments', {
  id: uuid().primaryKey(),
  taskId: uuid('task_id')
    .notNull()
    .references(() => tasks.id, { onDelete: 'cascade' }),
  projectId: text('project_id').notNull(),
  body: text().notNull(),
})

export const moodEnum = pgEnum('mood', ['sad', 'ok', "o'happy"])

const things = pgTable(
  'things',
  {
    area: text().notNull(),
    number: bigint({ mode: 'bigint' }).notNull(),
    projectId: text('project_id').notNull(),
    amount: numeric(),
    price: numeric({ precision: 10, scale: 2 }),
    ratio: doublePrecision(),
    at: timestamp({ withTimezone: true, mode: 'string' }),
    day: date(),
    mood: moodEnum(),
    data: jsonb(),
    raw: json(),
    bytes: bytea('bytes'),
    big: bigint({ mode: 'bigint' }),
  },
  (t) => [primaryKey({ columns: [t.area, t.number] })],
)

const countries = pgTable('countries', { code: text().primaryKey(), name: text().notNull() })

const entries = pgTable('entries', {
  id: text().primaryKey(),
  projectId: text('project_id').notNull(),
  account: text().notNull(),
  amount: integer().notNull(),
})

const events = pgTable(
  'events',
  {
    writer: text().notNull(),
    n: integer().notNull(),
    projectId: text('project_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.writer, t.n] })],
)

const marks = pgTable('marks', {
  device: text().primaryKey(),
  userId: text('user_id').notNull(),
  n: integer().notNull(),
})

const tables = { projects, members, tasks, comments, things, countries, entries, events, marks, ...ORDERED }

function define(tasksTable: typeof tasks) {
  return defineSync({
    tables: { ...tables, tasks: tasksTable },
    scopes: {
      project: {
        projects: (t) => t.id,
        members: (t) => t.projectId,
        tasks: (t) => t.projectId,
        comments: (t) => t.projectId,
        things: (t) => t.projectId,
        entries: (t) => t.projectId,
        shelves: (t) => t.projectId,
        crews: (t) => t.projectId,
        hands: (t) => t.projectId,
        events: (t) => t.projectId,
      },
      // Whoever may write what is theirs would let themselves into any project: `write` says which scope counts.
      own: { marks: (t) => t.userId, members: (t) => t.userId },
      public: { countries: true },
    },
    write: { members: 'project' },
    conflicts: {
      tasks: {
        votes: 'counter',
        stage: 'first-write',
        owner: 'review',
        tags: 'set',
        best: 'max',
        body: 'text',
      },
      marks: { n: 'counter' },
    },
  })
}

const PROJECTS = ['p1', 'p2', 'p3']
const RESERVED = ['projects', 'members', 'entries', 'events', 'marks', ...Object.keys(ORDERED)]

export const sampleApp: SimApp = {
  sync: define(tasks),
  holders: {
    project: memberOf(members, { user: (m) => m.userId, key: (m) => m.projectId }),
    own: ({ userId }) => [userId],
  },
  authorize: {
    members: ({ operation, before, userId }) => operation === 'insert' || before?.['user_id'] === userId,
  },
  setup: setup(PROJECTS),
  populate: 16,
  // Small pages, so that first loads take several.
  limits: { pageRows: 12 },
  users: ['ada', 'ben', 'cyd'],
  scopes: { project: PROJECTS, own: ['ada', 'ben', 'cyd'] },
  reserved: RESERVED,
  weights: { truncate: 1.5, rekey: 10 },
  movable: PROJECTS.filter((project) => project !== SHARED),
  member: ({ user, key, joins }) => [
    joins
      ? `insert into members values ('${key}', '${user}') on conflict do nothing`
      : `delete from members where project_id = '${key}' and user_id = '${user}'`,
  ],
  upgrade: {
    // One column more than the type says: nothing here depends on the types of columns.
    sync: define(nextTasks),
    statements: [
      `alter table tasks add column color text not null default 'grey'`,
      `update tasks set color = 'red' where id = '${HOT[0]}'`,
    ],
  },
  writes: sampleWork,
  founding: foundingRows,
  mustPass: (label) => label.startsWith('work '),
  refusable: forbidden,
  contested: editHotTask,
  long: sampleLong,
  burst: (plan, random) => sampleBurst(plan, random),
  invariants: [
    { promise: 'P5', name: 'entries add up to nothing', judge: judgeEntries },
    { promise: 'P2', name: 'marks count each transaction once', lostByRestore: true, judge: judgeMarks },
    prefixes(),
  ],
  ownCell: ({ name }) => ({ sql: 'select n from marks where device = ?', params: [name] }),
}

function judgeEntries(rows: RowSet): string | null {
  const found = rows.get('entries')
  let sum = 0
  for (const row of found?.rows.values() ?? []) sum += Number(row[3])
  return sum === 0 ? null : `they add up to ${sum}`
}

/** A ledger: each transaction counts its device's mark and appends an event, and only the mark would count twice. */
function judgeMarks(rows: RowSet): string | null {
  const events = [...(rows.get('events')?.rows.values() ?? [])]
  for (const [device, , n] of rows.get('marks')?.rows.values() ?? []) {
    const count = events.filter(([writer]) => writer === device).length
    if (Number(n) !== count) return `${device} counts ${n} of ${count}`
  }
  return null
}

/** Of each writer all events up to some number. */
function prefixes(): Invariant {
  return {
    promise: 'P6',
    lostByRestore: true,
    name: 'events are a prefix of what each writer wrote',
    judge(rows) {
      const counts = new Map<string, { count: number; most: number }>()
      for (const [writer = '', n] of rows.get('events')?.rows.values() ?? []) {
        const known = counts.get(String(writer)) ?? { count: 0, most: 0 }
        counts.set(String(writer), { count: known.count + 1, most: Math.max(known.most, Number(n)) })
      }
      const gap = [...counts].find(([, { count, most }]) => count !== most)
      return gap === undefined ? null : `${gap[0]} has ${gap[1].count} of ${gap[1].most}`
    },
  }
}
