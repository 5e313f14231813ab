/**
 * Checks one changeset against the manifest: tables, columns, and what no client may ever write.
 *
 * Throws the coded reason for which the changeset is rejected; the changesets beside it are not concerned (P8). Knows
 * no user and no row: rights are judged on the rows themselves.
 */
import {
  type ChangeBlock,
  type Changeset,
  clampHlc,
  decodeHlc,
  LandfallError,
  type Manifest,
  type ManifestColumn,
  type ManifestTable,
  type WireColumns,
} from '@landfall/protocol'
import { type CheckedBlock, type CheckedChangeset, rowIdsOf } from '../batch.ts'
import { checkSteps } from './check-steps.ts'

export function checkChangeset(manifest: Manifest, changeset: Changeset, nowMs: number): CheckedChangeset {
  const rowIds = changeset.changes.flatMap(rowIdsOf)
  if (new Set(rowIds).size < rowIds.length) throw malformed({ reason: 'a row stands twice' })
  const blocks = changeset.changes.map((block) => checkBlock(manifest, block))
  return {
    source: changeset,
    number: changeset.number,
    hlc: clampHlc(decodeHlc(changeset.hlc), nowMs),
    blocks,
    rowIds,
    steps: checkSteps(changeset, blocks),
  }
}

function checkBlock(manifest: Manifest, block: ChangeBlock): CheckedBlock {
  const table = manifest.tables.find(({ name }) => name === block.table)
  if (table === undefined) throw new LandfallError('schema_mismatch', { table: block.table })
  if (table.write.length === 0) {
    throw new LandfallError('readonly_table', { table: table.name })
  }
  checkKeys(table, block)
  checkNames(table, block)
  const places = placesInBlock(table, block)
  const count = block.keys[0]?.length ?? 0
  const pick = (side: WireColumns, given: boolean): WireColumns =>
    places.map(({ place }) => (given ? (side[place] ?? []) : Array.from({ length: count }, () => null)))
  return {
    table,
    operation: block.operation,
    columns: places.map(({ column }) => column),
    keys: block.keys,
    old: pick(block.old, block.operation !== 'insert'),
    new: pick(block.new, block.operation !== 'delete'),
  }
}

function checkKeys(table: ManifestTable, block: ChangeBlock): void {
  if (block.keys.length !== table.key.length) throw malformed({ table: table.name, reason: 'key' })
  if (block.keys.some((column) => column.includes(null))) {
    throw malformed({ table: table.name, reason: 'a key without a value' })
  }
  // A changed key is a deletion and an insertion, so a key column can only repeat the key.
  if (block.operation === 'delete') return
  for (const [k, name] of table.key.entries()) {
    const values = block.new[block.columns.indexOf(name)]
    const keys = block.keys[k] ?? []
    if (values?.some((value, r) => value !== keys[r])) {
      throw malformed({ table: table.name, column: name, reason: 'a changed key' })
    }
  }
}

function checkNames(table: ManifestTable, block: ChangeBlock): void {
  const columns = new Map(table.columns.map((column) => [column.name, column]))
  for (const name of block.columns) {
    const column = columns.get(name)
    if (column === undefined) throw new LandfallError('schema_mismatch', { table: table.name, column: name })
    if (column.readonly && block.operation !== 'delete' && !table.key.includes(name)) {
      throw new LandfallError('readonly_column', { table: table.name, column: name })
    }
  }
}

function placesInBlock(
  table: ManifestTable,
  block: ChangeBlock,
): { column: ManifestColumn; place: number }[] {
  return table.columns.flatMap((column) => {
    const place = block.columns.indexOf(column.name)
    return place < 0 || table.key.includes(column.name) ? [] : [{ column, place }]
  })
}

function malformed(details: { table?: string; column?: string; reason: string }): LandfallError {
  return new LandfallError('bad_request', { what: 'changeset', ...details })
}
