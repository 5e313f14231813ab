/**
 * Collects the changed rows of one table into blocks: rows with the same operation and columns stand together.
 */
import type { ChangeBlock, Operation, WireRow, WireValue } from '@landfall/protocol'
import type { MirrorTable } from './mirror-table.ts'

/** One changed row; `columns` are positions in the table's columns, `old` and `new` belong to them. */
export type RowChange = {
  operation: Operation
  key: WireRow
  columns: number[]
  old: WireValue[]
  new: WireValue[]
}

export type BlockBuilder = { add(change: RowChange): void; blocks(): ChangeBlock[] }

export function createBlockBuilder(table: MirrorTable): BlockBuilder {
  const bySignature = new Map<string, ChangeBlock>()

  function blockFor({ operation, columns }: RowChange): ChangeBlock {
    const signature = `${operation} ${columns.join()}`
    const known = bySignature.get(signature)
    if (known !== undefined) return known
    const block: ChangeBlock = {
      table: table.name,
      operation,
      columns: columns.map((position) => table.columns[position]?.name ?? ''),
      keys: table.key.map(() => []),
      old: operation === 'insert' ? [] : columns.map(() => []),
      new: operation === 'delete' ? [] : columns.map(() => []),
    }
    bySignature.set(signature, block)
    return block
  }

  return {
    add(change) {
      const block = blockFor(change)
      append(block.keys, change.key)
      append(block.old, change.old)
      append(block.new, change.new)
    },
    blocks: () => [...bySignature.values()],
  }
}

function append(columns: WireValue[][], row: readonly WireValue[]): void {
  for (let c = 0; c < columns.length; c++) columns[c]?.push(row[c] ?? null)
}
