/** Random SQL over the test tables: every shape of write that can touch a row more than once or fail half-way. */
import type { SqliteValue } from '@landfall/schema'
import fc from 'fast-check'

export type Sql = [sql: string, ...params: SqliteValue[]]

const id = fc.integer({ min: 1, max: 8 })
const letter = fc.constantFrom('a', 'b', 'A', '')
const text = fc.oneof(letter, fc.constant(null), fc.string({ maxLength: 4 }).map(withoutNul))
const weight = fc.oneof(
  fc.constantFrom(0, -0, 1, 0.5, null, Number.POSITIVE_INFINITY),
  fc.double({ noNaN: true }),
)

function withoutNul(value: string): string {
  return value.replaceAll('\0', '')
}

const notes: fc.Arbitrary<Sql>[] = [
  fc.tuple(id, text).map(([i, t]) => ["INSERT INTO notes (id, project, title) VALUES (?, 'p', ?)", i, t]),
  fc.tuple(id, text).map(([i, t]) => ["REPLACE INTO notes (id, project, body) VALUES (?, 'p', ?)", i, t]),
  fc
    .tuple(id, id, text)
    .map(([i, j, t]) => [
      "INSERT OR IGNORE INTO notes VALUES (?, 'p', ?, 1, 'x'), (?, 'q', NULL, 2, NULL)",
      i,
      t,
      j,
    ]),
  fc
    .tuple(id, text)
    .map(([i, t]) => [
      "INSERT INTO notes (id, project, title) VALUES (?, 'u', ?) ON CONFLICT (id) DO UPDATE SET title = excluded.title, votes = votes + 1",
      i,
      t,
    ]),
  // The second row may fail: then the first one must leave no trace.
  fc.tuple(id, id).map(([i, j]) => ["INSERT INTO notes (id, project) VALUES (?, 'p'), (?, 'p')", i, j]),
  fc.tuple(id, text).map(([i, t]) => ['UPDATE notes SET title = ? WHERE id >= ?', t, i]),
  fc.tuple(id).map(([i]) => ['UPDATE notes SET title = title, votes = votes WHERE id = ?', i]),
  fc.tuple(id, id).map(([i, j]) => ['UPDATE notes SET id = ? WHERE id = ?', i, j]),
  fc.tuple(id, id).map(([i, j]) => ['UPDATE OR REPLACE notes SET id = ?, votes = 5 WHERE id = ?', i, j]),
  fc.constant(['UPDATE notes SET id = -id']),
  fc.tuple(id).map(([i]) => ['UPDATE notes SET project = NULL WHERE id = ?', i]),
  fc.tuple(id).map(([i]) => ['DELETE FROM notes WHERE id = ?', i]),
  fc.constant(['DELETE FROM notes']),
  fc.constant(['INSERT OR REPLACE INTO notes SELECT id + 1, project, body, votes, title FROM notes']),
  fc.constant(['UPDATE notes SET body = l.b FROM links l WHERE l.a = notes.id AND notes.id > 0']),
]

const links: fc.Arbitrary<Sql>[] = [
  fc.tuple(id, letter, weight).map(([a, b, w]) => ["REPLACE INTO links VALUES (?, ?, 'p', ?)", a, b, w]),
  fc.tuple(id, letter).map(([a, b]) => ['UPDATE OR REPLACE links SET a = ? WHERE b = ?', a, b]),
  fc.tuple(letter, letter).map(([a, b]) => ['UPDATE links SET b = ? WHERE b = ?', a, b]),
  fc.tuple(id, weight).map(([a, w]) => ['UPDATE links SET weight = ? WHERE a <= ?', w, a]),
  fc.tuple(letter).map(([b]) => ['DELETE FROM links WHERE b = ?', b]),
]

const savepoints: fc.Arbitrary<Sql>[] = [
  fc.constant(['SAVEPOINT s']),
  fc.constant(['ROLLBACK TO s']),
  fc.constant(['RELEASE s']),
]

export const statement: fc.Arbitrary<Sql> = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(...notes) },
  { weight: 3, arbitrary: fc.oneof(...links) },
  { weight: 1, arbitrary: fc.oneof(...savepoints) },
)
