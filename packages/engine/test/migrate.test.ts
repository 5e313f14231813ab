/** The local tables follow the app's schema; unsent changes survive. */
import {
  changesetNumber,
  hashManifest,
  type Manifest,
  type ManifestColumn,
  type ManifestTable,
} from '@landfall/protocol'
import { expect, test } from 'vitest'
import { manifest } from './support/schema.ts'
import { codeOf, columns, NO_LIMIT, openWorld, pull, scope, type World } from './support/store.ts'

/** The test schema with its table `notes` changed. */
function withNotes(change: (notes: ManifestTable) => ManifestTable | null): Manifest {
  const tables = manifest.tables.flatMap((table) => (table.name === 'notes' ? (change(table) ?? []) : table))
  return { tables, hash: hashManifest(tables) }
}

const textColumn = (name: string, parts: Partial<ManifestColumn> = {}): ManifestColumn => ({
  name,
  type: { kind: 'text', sql: 'text', array: false },
  nullable: true,
  hasDefault: false,
  localDefault: null,
  readonly: false,
  policy: 'last-write',
  ...parts,
})

const adding = (...added: ManifestColumn[]): Manifest =>
  withNotes((notes) => ({ ...notes, columns: [...notes.columns, ...added] }))

/** A loaded client with one unsent update. */
async function used(): Promise<World> {
  const world = await openWorld(manifest)
  world.store.applyPull(pull({ gained: [scope('project:p')] }))
  const rows = columns([['1', 'p', 'theirs', '0', 'body']])
  world.store.applyPage(scope('project:p'), { blocks: [{ table: 'notes', rows }], next: null })
  world.store.applyPull(pull())
  world.write("UPDATE notes SET title = 'mine'")
  return world
}

test('[P11] an unchanged schema keeps every row and loads nothing again', async () => {
  const before = await used()
  const after = await openWorld(manifest, before.driver)
  expect(after.store.syncState()).toEqual(before.store.syncState())
  expect(after.store.syncState().cursor).not.toBeNull()
  expect(after.store.outboxCount()).toBe(1)
})

test('[P11] new columns are added, rows and unsent changes stay, scopes are loaded again', async () => {
  const { driver } = await used()
  const added = [
    textColumn('note'),
    textColumn('state', { nullable: false, hasDefault: true, localDefault: "'open'" }),
  ]
  const world = await openWorld(adding(...added), driver)
  expect(world.rows('SELECT * FROM notes')).toEqual([[1, 'p', 'mine', 0, 'body', null, 'open']])
  expect(world.store.syncState()).toMatchObject({ cursor: null, scopes: [{ ready: false }] })
  expect(world.write("UPDATE notes SET note = 'n'")).toBe(2)
  world.store.applyPull(pull({ acknowledged: changesetNumber(1), gained: [scope('project:p')] }))
  const rows = columns([['1', 'p', 'theirs', '4', 'body', 'theirs', 'done']])
  world.store.applyPage(scope('project:p'), { blocks: [{ table: 'notes', rows }], next: null })
  world.store.applyPull(pull({ acknowledged: changesetNumber(1) }))
  expect(world.rows('SELECT title, votes, note, state FROM notes')).toEqual([['theirs', 4, 'n', 'done']])
})

test('[P11] a dropped column goes, with the outbox kept as it was sealed', async () => {
  const { driver } = await used()
  const without = withNotes((notes) => ({
    ...notes,
    columns: notes.columns.filter(({ name }) => name !== 'title'),
  }))
  const world = await openWorld(without, driver)
  expect(world.rows('SELECT * FROM notes')).toEqual([[1, 'p', 0, 'body']])
  expect(world.store.readOutbox(NO_LIMIT)).toMatchObject([
    { changes: [{ columns: ['title'], new: [['mine']] }] },
  ])
  world.store.applyPull(pull({ gained: [scope('project:p')] }))
  const rows = columns([['1', 'p', '3', 'new']])
  world.store.applyPage(scope('project:p'), { blocks: [{ table: 'notes', rows }], next: null })
  world.store.applyPull(pull({ acknowledged: changesetNumber(1) }))
  expect(world.rows('SELECT * FROM notes')).toEqual([[1, 'p', 3, 'new']])
})

test('[P11] a new schema drops a table, and a later one brings it back empty', async () => {
  const { driver } = await used()
  const gone = await openWorld(
    withNotes(() => null),
    driver,
  )
  expect(codeOf(() => gone.rows('SELECT * FROM notes'))).toBe('sql_error')
  expect(gone.rows("SELECT name FROM sqlite_schema WHERE name LIKE '%notes%'")).toEqual([])
  expect(gone.store.outboxCount()).toBe(1)
  const back = await openWorld(manifest, driver)
  expect(back.rows('SELECT * FROM notes')).toEqual([])
  expect(back.write("INSERT INTO notes (id, project) VALUES (1, 'p')")).toBe(2)
})

const INCOMPATIBLE: [string, Manifest][] = [
  [
    'another type',
    withNotes((notes) => ({
      ...notes,
      columns: notes.columns.map((column) =>
        column.name === 'title'
          ? { ...column, type: { kind: 'int4', sql: 'integer', array: false } }
          : column,
      ),
    })),
  ],
  ['another key', withNotes((notes) => ({ ...notes, key: ['id', 'project'] }))],
  ['a new column that needs a value', adding(textColumn('state', { nullable: false }))],
]

test.each(INCOMPATIBLE)(
  '[P11] with %s the table starts empty and the outbox stays',
  async (_what, changed) => {
    const { driver } = await used()
    const world = await openWorld(changed, driver)
    expect(world.rows('SELECT * FROM notes')).toEqual([])
    expect(world.rows('SELECT * FROM landfall_base_notes')).toEqual([])
    expect(world.store.outboxCount()).toBe(1)
    expect(world.store.syncState().cursor).toBeNull()
  },
)

test('[P11] secondary indexes follow the schema without loading again', async () => {
  const { driver } = await used()
  const indexed = withNotes((notes) => ({ ...notes, indexes: [['project', 'votes']] }))
  const indexNames = (world: World) =>
    world.rows(
      "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'notes' AND sql IS NOT NULL",
    )
  const world = await openWorld({ ...indexed, hash: manifest.hash }, driver)
  expect(indexNames(world)).toEqual([['notes(project,votes)']])
  expect(world.store.syncState().cursor).not.toBeNull()
  expect(indexNames(await openWorld(manifest, driver))).toEqual([['notes(project)']])
})

test('[P12.5] a file of a later version is refused with a code of its own', async () => {
  const { driver } = await used()
  driver.exec('UPDATE landfall_state SET format = 99')
  await expect(openWorld(manifest, driver)).rejects.toMatchObject({ code: 'storage_newer' })
})

test('[P11.7] a file of an earlier format is upgraded with its unsent changes', async () => {
  const { driver } = await used()
  const tables = manifest.tables.map((table) => ({ ...table, constrained: undefined }))
  driver.exec(`
    ALTER TABLE landfall_state RENAME COLUMN loading_again TO reloading;
    DROP TABLE landfall_gaps;
    ALTER TABLE landfall_outbox DROP COLUMN steps;
    ALTER TABLE landfall_outbox DROP COLUMN tries;
    ALTER TABLE landfall_outbox DROP COLUMN reason;
    ALTER TABLE landfall_outbox DROP COLUMN retry_at;
    ALTER TABLE landfall_rejections DROP COLUMN steps;
    DROP TRIGGER landfall_update_notes;
    UPDATE landfall_state SET format = 1`)
  driver
    .prepare("UPDATE landfall_state SET manifest = ?, manifest_hash = 'older'")
    .run([JSON.stringify({ tables, hash: 'older' })])
  const world = await openWorld(manifest, driver)
  expect(world.store.outboxCount()).toBe(1)
  expect(driver.prepare('SELECT loading_again FROM landfall_state').all([])).toEqual([[1]])
  world.write("UPDATE notes SET title = 'captured by today’s triggers'")
  expect(world.store.readOutbox(NO_LIMIT)).toMatchObject([
    { changes: [{ new: [['mine']] }] },
    { changes: [{ new: [['captured by today’s triggers']] }] },
  ])
})

test('[P12] the local bookkeeping can be read by plain SQL', async () => {
  const { store } = await used()
  store.begin()
  expect(store.prepareUser('SELECT number, label FROM landfall_outbox').all([])).toEqual([[1, null]])
  expect(codeOf(() => store.prepareUser('DELETE FROM landfall_outbox'))).toBe('sql_forbidden')
  store.rollback()
})
