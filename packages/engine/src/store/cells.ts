/**
 * Cells of Landfall's own tables, read with the type that was written there.
 *
 * A cell of another type means that the file was damaged or edited: `storage_corrupt`.
 */
import { LandfallError } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'

type Cell = SqliteValue | undefined

export function textIn(cell: Cell): string {
  return typeof cell === 'string' ? cell : unexpected('text', cell)
}

export function textOrNull(cell: Cell): string | null {
  return cell === null ? null : textIn(cell)
}

export function numberIn(cell: Cell): number {
  return typeof cell === 'number' ? cell : unexpected('a number', cell)
}

export function numberOrNull(cell: Cell): number | null {
  return cell === null ? null : numberIn(cell)
}

/** An integer that may be beyond 2^53. */
export function bigintIn(cell: Cell): bigint {
  return typeof cell === 'bigint' ? cell : BigInt(numberIn(cell))
}

/** JSON that this package wrote itself; the caller names its type. */
export function jsonIn(cell: Cell): unknown {
  return JSON.parse(textIn(cell))
}

function unexpected(wanted: string, cell: Cell): never {
  throw new LandfallError('storage_corrupt', { reason: `${wanted} was expected`, found: typeof cell })
}
