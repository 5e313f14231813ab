/**
 * Whatever takes a table out of capture (P17.8, P17.9): devices say so while it lasts, and hold what Postgres has once it is
 * mended; what heals without migrateSync needs nobody.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { expectEqual, type GapWorld, openGapWorld } from './support/gap-world.ts'

/** Longer than a check, the next poll, the spread of verifications and their questions. */
const LONG_MS = 45_000

type Case = {
  name: string
  /** Each its own transaction, by somebody who knows nothing of us. */
  does: string[]
  /** Not captured until migrateSync. None: it has healed by itself, and only a verification is due. */
  open?: 'notes' | 'events'
  /** Before migrateSync can run: the host's own next steps. */
  before?: string[]
}

const LOAD = `INSERT INTO notes VALUES (20, 'ann', 'loaded', 'done')`
const WORK = [LOAD, `UPDATE notes SET title = 'unseen' WHERE id = 1`, `DELETE FROM notes WHERE id = 2`]
const MOVE = `UPDATE notes SET owner = 'bob' WHERE id = 3`
const SWAP = [
  'CREATE TABLE copied (LIKE notes INCLUDING ALL)',
  'INSERT INTO copied SELECT * FROM notes WHERE id <> 4',
  'DROP TABLE notes',
  'ALTER TABLE copied RENAME TO notes',
]
const INSERT = 'landfall_landfall_insert'
const BODY = `CREATE OR REPLACE FUNCTION landfall."capture_insert public.notes"() RETURNS trigger LANGUAGE plpgsql
  AS 'BEGIN RETURN NULL; END'`
const PARTITION = `INSERT INTO events_3 VALUES (3, 1, 'ann', 'came with it')`

const CASES: Case[] = [
  {
    name: 'all triggers are disabled around a bulk load',
    does: ['ALTER TABLE notes DISABLE TRIGGER ALL', ...WORK, MOVE],
    open: 'notes',
  },
  {
    name: 'they are enabled again, but not for replicas',
    does: ['ALTER TABLE notes DISABLE TRIGGER ALL', ...WORK, MOVE, 'ALTER TABLE notes ENABLE TRIGGER ALL'],
    open: 'notes',
  },
  {
    name: 'one is disabled and put back exactly',
    does: [
      `ALTER TABLE notes DISABLE TRIGGER ${INSERT}`,
      LOAD,
      `ALTER TABLE notes ENABLE ALWAYS TRIGGER ${INSERT}`,
    ],
  },
  {
    name: 'one fires for replicas alone',
    does: [`ALTER TABLE notes ENABLE REPLICA TRIGGER ${INSERT}`, LOAD],
    open: 'notes',
  },
  {
    name: 'one is dropped',
    does: ['DROP TRIGGER landfall_landfall_update ON notes', ...WORK],
    open: 'notes',
  },
  {
    name: 'its function is dropped with it',
    does: ['DROP FUNCTION landfall."capture_delete public.notes" CASCADE', ...WORK],
    open: 'notes',
  },
  { name: 'a function is replaced', does: [BODY, LOAD], open: 'notes' },
  {
    name: 'a trigger is made anew with a condition',
    does: [
      'DROP TRIGGER landfall_landfall_update ON notes',
      `CREATE TRIGGER landfall_landfall_update AFTER UPDATE ON notes FOR EACH ROW WHEN (NEW.id = 5)
         EXECUTE FUNCTION landfall."capture_delete public.notes"()`,
      'ALTER TABLE notes ENABLE ALWAYS TRIGGER landfall_landfall_update',
      WORK[1] ?? '',
    ],
    open: 'notes',
  },
  { name: 'the table is swapped by copy, drop and rename', does: [...SWAP, LOAD], open: 'notes' },
  {
    name: 'the table is renamed, written to, and renamed back',
    does: [
      'ALTER TABLE notes RENAME TO away',
      `DELETE FROM away WHERE id = 5`,
      'ALTER TABLE away RENAME TO notes',
    ],
  },
  {
    name: 'values change with a rewrite of the column',
    does: [`ALTER TABLE notes ALTER COLUMN title TYPE text USING upper(title)`],
  },
  { name: 'the table is rewritten', does: ['CLUSTER notes USING notes_pkey'] },
  {
    name: 'a label is renamed',
    does: [`ALTER TYPE state RENAME VALUE 'done' TO 'ready'`],
    open: 'notes',
    before: [`ALTER TYPE state RENAME VALUE 'ready' TO 'done'`],
  },
  {
    name: 'a column is renamed under writers',
    does: [
      'ALTER TABLE notes RENAME COLUMN title TO heading',
      `UPDATE notes SET heading = 'unseen' WHERE id = 1`,
    ],
    open: 'notes',
    before: ['ALTER TABLE notes RENAME COLUMN heading TO title'],
  },
  {
    name: 'a child table inherits',
    does: [
      'CREATE TABLE more_notes () INHERITS (notes)',
      `INSERT INTO more_notes VALUES (30, 'ann', 'child', 'open')`,
    ],
    open: 'notes',
    before: ['DROP TABLE more_notes'],
  },
  {
    name: 'a partition is attached with rows',
    does: [
      'CREATE TABLE events_3 (LIKE events INCLUDING ALL)',
      PARTITION,
      'ALTER TABLE events ATTACH PARTITION events_3 FOR VALUES FROM (3) TO (4)',
    ],
    open: 'events',
  },
  { name: 'a partition is detached', does: ['ALTER TABLE events DETACH PARTITION events_2'], open: 'events' },
  { name: 'a partition is dropped', does: ['DROP TABLE events_1'], open: 'events' },
  {
    name: 'a partition that came later is truncated',
    does: [
      'CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM (3) TO (4)',
      PARTITION,
      'SELECT 1',
      'TRUNCATE events_3',
    ],
    open: 'events',
  },
  {
    name: 'a partition is detached, changed and attached again',
    does: [
      'ALTER TABLE events DETACH PARTITION events_2',
      `UPDATE events_2 SET title = 'apart'`,
      'ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (2) TO (3)',
    ],
  },
  {
    name: 'a partition’s triggers are disabled',
    does: ['ALTER TABLE events_1 DISABLE TRIGGER ALL', 'DELETE FROM events_1 WHERE id = 1'],
    open: 'events',
  },
]

/** Those of the cases whose name fits `only`. */
export function gapsContract(
  kind: string,
  { address, only = /./ }: { address?: string; only?: RegExp } = {},
): void {
  let gaps: GapWorld
  beforeEach(async () => {
    gaps = await openGapWorld(address)
  })
  afterEach(() => gaps.close())

  describe(kind, () => {
    test.each(CASES.filter(({ name }) => only.test(name)))(
      '[P17.8] $name',
      async ({ does, open, before = [] }) => {
        const { world, ann, psql, told } = gaps
        for (const statement of does) {
          await psql(statement)
          if (statement === 'SELECT 1') await world.pass(LONG_MS)
        }
        await world.pass(LONG_MS)
        expect(await gaps.uncaptured()).toEqual(open === undefined ? [] : [open])
        expect(told.filter((each) => each.startsWith('LandfallError: table_uncaptured'))).toHaveLength(
          open === undefined ? 0 : 1,
        )
        const health = await world.server.health()
        expect(health).toMatchObject({
          ok: open === undefined,
          problems:
            open === undefined
              ? []
              : (expect.arrayContaining([expect.objectContaining({ table: open })]) as unknown),
        })
        if (open !== undefined) {
          for (const statement of before) await psql(statement)
          await gaps.migrate()
          await world.pass(LONG_MS)
        }
        await expectEqual(gaps)
        expect(await gaps.uncaptured()).toEqual([])
        expect(await world.server.health()).toMatchObject({ ok: true, problems: [] })
        expect(await ann.rows('SELECT * FROM landfall_gaps')).toEqual([])
        await psql(`UPDATE notes SET title = 'captured again' WHERE id = 6`)
        await world.pass(LONG_MS)
        await expectEqual(gaps)
      },
    )

    test('[P17.9] while a gap is open a device asks once and then no more, and goes on with its unsent work', async () => {
      const { world, ann, psql } = gaps
      const asked: string[] = []
      const carry = ann.network.fetch.bind(ann.network)
      ann.network.fetch = (url, init) => {
        if (url.endsWith('/verify')) asked.push((JSON.parse(init.body as string) as { table: string }).table)
        return carry(url, init)
      }
      ann.network.setOnline(false)
      await ann.run(`UPDATE notes SET title = 'mine' WHERE id = 1`)
      await psql('ALTER TABLE notes DISABLE TRIGGER ALL')
      await psql(`UPDATE notes SET state = 'done' WHERE id = 1`)
      ann.network.setOnline(true)
      await world.pass(LONG_MS)
      expect(await ann.rows('SELECT title, state FROM notes WHERE id = 1')).toEqual([
        { title: 'mine', state: 'done' },
      ])
      const questions = asked.length
      expect(new Set(asked)).toEqual(new Set(['notes']))
      await world.pass(4 * LONG_MS)
      expect(asked.length).toBe(questions)
      await gaps.migrate()
      await world.pass(LONG_MS)
      await expectEqual(gaps)
    })
  })
}
