/**
 * Statements over the tables of `ordering.ts`, drawn so that they meet: few keys, few values. Postgres says which of them
 * are legal where they stand.
 */
import fc from 'fast-check'

const id = fc.integer({ min: 1, max: 6 })
const board = fc.integer({ min: 1, max: 2 })
const position = fc.option(fc.integer({ min: 1, max: 4 }), { freq: 6 }).map((n) => n ?? 'NULL')
const code = fc.constantFrom("'x'", "'y'", "'z'", "'w'", 'NULL')
const link = fc.option(id, { freq: 5 }).map((n) => n ?? 'NULL')
const flag = fc.boolean()
const table = fc.constantFrom('accounts', 'slots', 'nodes', 'teams', 'people', 'docs', 'tags')

/** `$` stands for what is drawn, in order. */
function drawn(text: string, ...parts: fc.Arbitrary<string | number | boolean>[]): fc.Arbitrary<string[]> {
  const pieces = text.split('$')
  return fc.tuple(...parts).map((values) => [pieces.map((piece, i) => piece + `${values[i] ?? ''}`).join('')])
}

const single = fc.oneof(
  drawn('INSERT INTO accounts (id, owner, is_default) VALUES ($, $, $)', id, board, flag),
  drawn('UPDATE accounts SET is_default = $ WHERE id = $', flag, id),
  drawn('UPDATE accounts SET owner = $ WHERE id = $', board, id),
  drawn('INSERT INTO slots (id, board, position, code) VALUES ($, $, $, $)', id, board, position, code),
  drawn('UPDATE slots SET position = $ WHERE id = $', position, id),
  drawn('UPDATE slots SET code = $ WHERE id = $', code, id),
  drawn('UPDATE slots SET board = $, position = $ WHERE id = $', board, position, id),
  drawn('UPDATE slots SET position = position + 1 WHERE board = $ AND position > $', board, id),
  drawn('INSERT INTO nodes (id, parent) VALUES ($, $)', id, link),
  drawn('UPDATE nodes SET parent = $ WHERE id = $', link, id),
  drawn('UPDATE nodes SET rank = rank + 1 WHERE id = $', id),
  drawn('INSERT INTO teams (id, name, lead) VALUES ($, $, $)', id, code, link),
  drawn('UPDATE teams SET lead = $ WHERE id = $', link, id),
  drawn('UPDATE teams SET name = $ WHERE id = $', code, id),
  drawn('INSERT INTO people (id, team) VALUES ($, $)', id, id),
  drawn('UPDATE people SET team = $ WHERE id = $', id, id),
  drawn('INSERT INTO docs (id, slot, tag) VALUES ($, $, $)', id, link, link),
  drawn('UPDATE docs SET slot = $ WHERE id = $', link, id),
  drawn('UPDATE docs SET tag = $ WHERE id = $', link, id),
  drawn('INSERT INTO tags (id, doc) VALUES ($, $)', id, link),
  drawn('UPDATE tags SET doc = $ WHERE id = $', link, id),
  drawn('DELETE FROM $ WHERE id = $', table, id),
  drawn('UPDATE $ SET id = $ WHERE id = $', table, id, id),
)

/** What people do in several statements. */
const together = fc.oneof(
  fc
    .tuple(id, id, position, position)
    .map(([a, b, p, q]) => [
      `UPDATE slots SET position = -1 WHERE id = ${a}`,
      `UPDATE slots SET position = ${p} WHERE id = ${b}`,
      `UPDATE slots SET position = ${q} WHERE id = ${a}`,
    ]),
  fc
    .tuple(id, id, id)
    .map(([a, b, c]) => [
      `UPDATE slots SET code = 'parked' WHERE id = ${a}`,
      `UPDATE slots SET code = 'x' WHERE id = ${b}`,
      `UPDATE slots SET code = 'y' WHERE id = ${c}`,
      `UPDATE slots SET code = 'z' WHERE id = ${a}`,
    ]),
  fc
    .tuple(id, id)
    .map(([a, b]) => [
      `UPDATE accounts SET is_default = false WHERE id = ${a}`,
      `UPDATE accounts SET is_default = true WHERE id = ${b}`,
    ]),
  fc
    .tuple(id, id, code)
    .map(([a, b, c]) => [
      `DELETE FROM slots WHERE id = ${a}`,
      `UPDATE slots SET code = ${c} WHERE id = ${b}`,
      `INSERT INTO slots (id, board, code) VALUES (${a}, 1, 'x')`,
    ]),
  fc
    .tuple(id, id)
    .map(([a, b]) => [
      `INSERT INTO teams (id) VALUES (${a})`,
      `INSERT INTO people (id, team) VALUES (${b}, ${a})`,
      `UPDATE teams SET lead = ${b} WHERE id = ${a}`,
    ]),
  fc
    .tuple(id, id)
    .map(([a, b]) => [
      `UPDATE teams SET lead = NULL WHERE id = ${a}`,
      `DELETE FROM people WHERE id = ${b}`,
      `DELETE FROM teams WHERE id = ${a}`,
    ]),
  fc
    .tuple(id, id)
    .map(([a, b]) => [
      `INSERT INTO docs (id) VALUES (${a})`,
      `INSERT INTO tags (id, doc) VALUES (${b}, ${a})`,
      `UPDATE docs SET tag = ${b} WHERE id = ${a}`,
    ]),
)

const LENGTH = Number(process.env['ORDER_LENGTH'] ?? 6)

/** One transaction. */
export const statements: fc.Arbitrary<string[]> = fc
  .array(fc.oneof({ weight: 3, arbitrary: single }, { weight: 2, arbitrary: together }), {
    minLength: Math.max(2, LENGTH - 4),
    maxLength: LENGTH,
  })
  .map((parts) => parts.flat())
