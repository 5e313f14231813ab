/**
 * Writes a batch and reports which of its rows were written (`write-sql.ts` says how).
 *
 * Rows are numbered from 0 here. What came out without the user's right fails the whole run; who is to blame is
 * found by trying smaller runs.
 */
import { encodeKey, type WireRow } from '@landfall/protocol'
import { createBinder } from '../../sql/row-columns.ts'
import type { TextRow } from '../../database/database.ts'
import { type Batch, keyAt } from '../batch.ts'
import { forbidden } from '../check/rights.ts'
import type { PushContext } from '../push-context.ts'
import { deleteSql, insertSql, updateSql, type WriteMode, type WriteOptions } from './write-sql.ts'

export type WrittenRow = { row: number; texts: WireRow; scopes: string[] }

export type Written = {
  /** Numbers of the rows that were not written. */
  left: number[]
  /** The rows as they came out (deleted ones: as they were), where they were asked for. */
  rows: WrittenRow[]
}

export type Want = { mode: WriteMode; wantRows: boolean }

export async function writeBatch(work: PushContext, batch: Batch, want: Want): Promise<Written> {
  const { params, bind } = createBinder()
  const sql = statement(batch, { ...want, rights: work.rights, bind })
  const [report = {}] = await work.tx.query(sql, params)
  const placeOf = createPlaces(batch)
  const [refused] = parseList(report['refused'])
  if (refused !== undefined) {
    throw forbidden(work.rights, batch, { row: placeOf(refused) })
  }
  return { left: unwritten(batch, report, placeOf), rows: details(report, placeOf) }
}

function statement(batch: Batch, options: WriteOptions): string {
  switch (batch.operation) {
    case 'insert':
      return insertSql(batch, options)
    case 'update':
      return updateSql(batch, options)
    case 'delete':
      return deleteSql(batch, options)
  }
}

type Places = (row: unknown) => number

/** An INSERT cannot return the number of a row's source, so it returns the key. */
function createPlaces(batch: Batch): Places {
  if (batch.operation !== 'insert') return (row) => Number(row) - 1
  let places: Map<string, number> | null = null
  return (row) => {
    places ??= new Map(batch.owners.map((_, i) => [encodeKey(keyAt(batch, i)), i]))
    return places.get(encodeKey(row as WireRow)) ?? -1
  }
}

function unwritten(batch: Batch, report: TextRow, placeOf: Places): number[] {
  if (Number(report['count']) === batch.owners.length) return []
  const done = new Set(parseList(report['rows']).map(placeOf))
  return batch.owners.flatMap((_, row) => (done.has(row) ? [] : row))
}

function details(report: TextRow, placeOf: Places): WrittenRow[] {
  const rows = parseList(report['details']) as { row: unknown; texts: WireRow; scopes: string[] }[]
  return rows.map(({ row, texts, scopes }) => ({ row: placeOf(row), texts, scopes }))
}

function parseList(text: string | null | undefined): unknown[] {
  return text === null || text === undefined ? [] : (JSON.parse(text) as unknown[])
}
