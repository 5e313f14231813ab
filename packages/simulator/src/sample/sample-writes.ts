/** The sample app's own transactions: the ones that keep its rules, and edits of the rows that everybody edits. */
import type { SqlParam } from '@landfall/engine'
import type { LocalStep } from '../workload/local.ts'
import type { SeededRandom } from '@landfall/testkit'
import type { Contest, FoundingRow } from '../plan/app.ts'
import { orderedWork } from './sample-order.ts'
import { HOT, SHARED } from './sample-setup.ts'

type Writer = { name: string; user: string; nth: number }

const FOUNDED_EVERY = 6

/** Now and then a device founds a project of its own, and dissolves it by its next transaction but one. */
export function sampleWork(writer: Writer, random: SeededRandom): LocalStep {
  const { name, nth } = writer
  const luck = nth % FOUNDED_EVERY
  if (luck === FOUNDED_EVERY - 2) return found(`${name}-${nth}`, writer)
  if (luck === 0) return dissolve(`${name}-${nth - 2}`, nth)
  return keepBooks(writer, random)
}

function found(key: string, { user, nth }: Writer): LocalStep {
  const task = `00000000-0000-4000-c000-${String(nth).padStart(12, '0')}`
  const rows = [
    {
      table: 'tasks',
      row: { id: task.replace('c000', digits(key)), project_id: key, title: `first of ${key}` },
    },
    ...foundingRows({ key, user }),
  ]
  return {
    label: `work ${nth}`,
    changes: true,
    statements: rows.map(({ table, row }) => ({
      sql: `insert into ${table} (${Object.keys(row).join(', ')}) values (${Object.keys(row)
        .map(() => '?')
        .join(', ')})`,
      params: Object.values(row),
    })),
  }
}

/** Four hexadecimal digits that tell one device from another. */
function digits(key: string): string {
  let sum = 7
  for (let i = 0; i < key.length; i++) sum = (sum * 31 + key.charCodeAt(i)) % 0x1000
  return sum.toString(16).padStart(4, 'c')
}

function dissolve(key: string, nth: number): LocalStep {
  const statements = [
    'delete from tasks where project_id = ?',
    'delete from projects where id = ?',
    'delete from members where project_id = ?',
  ]
  return { label: `end ${nth}`, statements: statements.map((sql) => ({ sql, params: [key] })) }
}

/** A project and its first member. */
export function foundingRows({ key, user }: { key: string; user: string }): FoundingRow[] {
  return [
    { table: 'projects', row: { id: key, name: `Secret name of ${key}` } },
    { table: 'members', row: { project_id: key, user_id: user } },
  ]
}

/** Each counts the device's mark, appends its next event, moves something between two accounts, and does ordered work. */
function keepBooks({ name, user, nth }: Writer, random: SeededRandom): LocalStep {
  const amount = 1 + random.below(100)
  return {
    label: `work ${nth}`,
    changes: true,
    statements: [
      {
        sql: `insert into marks (device, user_id, n) values (?, ?, 1) on conflict (device) do update set n = n + 1`,
        params: [name, user],
      },
      {
        sql: `insert into events (writer, n, project_id)
          select ?, coalesce(max(n), 0) + 1, ? from events where writer = ?`,
        params: [name, SHARED, name],
      },
      {
        sql: `insert into entries (id, project_id, account, amount) values (?, ?, 'cash', ?), (?, ?, 'stock', ?)`,
        params: [`${name}-${nth}-a`, SHARED, amount, `${name}-${nth}-b`, SHARED, -amount],
      },
      ...orderedWork({ device: name, project: SHARED, nth }, random),
    ],
  }
}

const EDITS: readonly ((text: string, random: SeededRandom) => { set: string; params: SqlParam[] })[] = [
  (text) => ({ set: 'title = ?', params: [text] }),
  (text) => ({ set: 'title = ?', params: [text] }),
  (text) => ({ set: 'stage = ?', params: [text] }),
  (text) => ({ set: 'owner = ?', params: [text] }),
  // Random work may have brought the votes to the end of what an integer holds.
  (_, random) => ({
    set: 'votes = votes + iif(abs(votes) < 1000000, ?, 0)',
    params: [random.below(21) - 10],
  }),
  (_, random) => ({ set: 'best = ?', params: [random.number() * 1_000] }),
  (_, random) => ({ set: 'done = ?', params: [random.below(2)] }),
  (text, random) => ({ set: `tags = ?`, params: [`{${['x', 'y', text].slice(random.below(3)).join(',')}}`] }),
  (text, random) => ({ set: `body = replace(body, ?, ?)`, params: ['abc'.charAt(random.below(3)), text] }),
]

/**
 * Some columns of one of the hot tasks; now and then it is deleted, or made again. If an edit is asked for, the title is
 * among them, and a task that is not there is made first.
 */
export function editHotTask({ name, nth, way, row }: Contest, random: SeededRandom): LocalStep {
  const drawn = random.below(HOT.length)
  const task = HOT[(row ?? drawn) % HOT.length] ?? ''
  const luck = random.below(10)
  const done = way ?? (luck === 0 ? 'delete' : luck === 1 ? 'make' : 'edit')
  if (done === 'delete')
    return { label: null, statements: [{ sql: 'delete from tasks where id = ?', params: [task] }] }
  if (done === 'make') return makeHotTask(task, `${name}_${nth}`)
  const some = Array.from({ length: 2 + random.below(3) }, () => EDITS[random.below(EDITS.length)])
  const edits = [...(way === 'edit' ? EDITS.slice(0, 1) : []), ...some].map(
    (edit, i) => edit?.(`${name}_${nth}_${i}`, random) ?? { set: 'done = done', params: [] },
  )
  return {
    label: `edit ${nth}`,
    statements: [
      ...(way === 'edit' ? [{ sql: MAKE_HOT_TASK, params: [task, SHARED, 'made'] }] : []),
      ...edits.map(({ set, params }) => ({
        sql: `update tasks set ${set} where id = ?`,
        params: [...params, task],
      })),
    ],
  }
}

/** Postgres has a check that SQLite does not know. */
export function forbidden(random: SeededRandom): LocalStep {
  const id = `00000000-0000-4000-b000-${String(random.below(1e9)).padStart(12, '0')}`
  const sql = `insert into tasks (id, project_id, title) values (?, ?, 'forbidden')`
  return { label: null, statements: [{ sql, params: [id, SHARED] }] }
}

const MAKE_HOT_TASK = 'insert into tasks (id, project_id, title) values (?, ?, ?) on conflict (id) do nothing'

function makeHotTask(task: string, title: string): LocalStep {
  const sql = MAKE_HOT_TASK.replace('nothing', 'update set title = excluded.title')
  return { label: null, statements: [{ sql, params: [task, SHARED, title] }] }
}

/** Another program's rows, which nobody else touches, so that nobody waits for them. */
export function sampleLong(nth: number, random: SeededRandom): string[] {
  const amount = 1 + random.below(100)
  return [
    `insert into events values ('long ${nth}', 1, '${SHARED}'), ('long ${nth}', 2, '${SHARED}')`,
    `insert into entries values ('long-${nth}-a', '${SHARED}', 'cash', ${amount}), ('long-${nth}-b', '${SHARED}', 'stock', ${-amount})`,
  ]
}
