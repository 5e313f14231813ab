/** A twin database: the bare mirror, to which sealed changesets are replayed as the server would apply them. */
import { rowAt, rowCount, type ChangeBlock, type Changeset } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import { codecFor, mirrorDdl, quoteIdentifier } from '@landfall/schema/internal'
import { openMemory } from '../../src/adapters/sqlite-wasm.ts'
import type { SqliteDriver } from '../../src/ports.ts'
import { manifest } from './schema.ts'

export async function openTwin(): Promise<SqliteDriver> {
  const twin = await openMemory()
  for (const sql of mirrorDdl(manifest)) twin.exec(sql)
  return twin
}

export function replay(twin: SqliteDriver, changeset: Changeset): void {
  for (const block of changeset.changes) {
    for (let row = 0; row < rowCount(block.keys); row++) replayRow(twin, block, row)
  }
}

function replayRow(twin: SqliteDriver, block: ChangeBlock, row: number): void {
  const table = manifest.tables.find(({ name }) => name === block.table)
  if (table === undefined) throw new Error(`unknown table ${block.table}`)
  const stored = (names: string[], values: (string | null)[]): SqliteValue[] =>
    names.map((name, index) => {
      const column = table.columns.find((candidate) => candidate.name === name)
      if (column === undefined) throw new Error(`unknown column ${name}`)
      return codecFor(column.type).fromWire(values[index] ?? null)
    })
  const key = stored(table.key, rowAt(block.keys, row))
  const values = block.operation === 'delete' ? [] : stored(block.columns, rowAt(block.new, row))
  const where = table.key.map((name) => `${quoteIdentifier(name)} = ?`).join(' AND ')
  const name = quoteIdentifier(block.table)
  const changed = run()
  if (changed !== 1) throw new Error(`${block.operation} of ${key.join()} changed ${changed} rows`)

  function run(): number {
    switch (block.operation) {
      case 'insert': {
        const list = block.columns.map(quoteIdentifier).join(', ')
        const params = block.columns.map(() => '?').join(', ')
        return twin.prepare(`INSERT INTO ${name} (${list}) VALUES (${params})`).run(values)
      }
      case 'update': {
        const sets = block.columns.map((column) => `${quoteIdentifier(column)} = ?`).join(', ')
        return twin.prepare(`UPDATE ${name} SET ${sets} WHERE ${where}`).run([...values, ...key])
      }
      case 'delete':
        return twin.prepare(`DELETE FROM ${name} WHERE ${where}`).run(key)
    }
  }
}

export function allRows(driver: SqliteDriver): SqliteValue[][][] {
  return manifest.tables.map((table) =>
    driver.prepare(`SELECT * FROM ${quoteIdentifier(table.name)}`).all([]),
  )
}
