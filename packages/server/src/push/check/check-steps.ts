/**
 * Checks the order that a changeset brings along: each row's net change once, and before it only values of its constrained
 * columns. A forged order can do no more than fail: rights are judged at each write.
 */
import { type Changeset, LandfallError, type Step } from '@landfall/protocol'
import { type CheckedBlock, rowsOf } from '../batch.ts'

/** Of a changeset without steps: its blocks as they stand. */
export function checkSteps({ steps }: Changeset, blocks: readonly CheckedBlock[]): Step[] {
  if (steps === undefined) return blocks.map((block, i) => ({ block: i, row: 0, count: rowsOf(block) }))
  const done = blocks.map((block) => new Uint8Array(rowsOf(block)))
  for (const step of steps) {
    const block = blocks[step.block]
    const rows = done[step.block]
    if (block === undefined || rows === undefined || step.row >= rows.length) throw malformed('no such row')
    if ('values' in step) checkBetween(block, step, rows)
    else markDone(rows, step)
  }
  if (done.some((rows) => rows.includes(0))) throw malformed('a row without a step')
  return steps
}

type Between = Extract<Step, { values: unknown }>

function checkBetween({ table, columns }: CheckedBlock, { row, values }: Between, done: Uint8Array): void {
  if (done[row] !== 0) throw malformed('a value in between, after the change')
  for (const name of Object.keys(values)) {
    if (!table.constrained.includes(name) || columns.every((column) => column.name !== name))
      throw malformed('a column without a value in between')
  }
}

function markDone(done: Uint8Array, { row, count }: { row: number; count: number }): void {
  if (row + count > done.length) throw malformed('no such row')
  if (done.subarray(row, row + count).includes(1)) throw malformed('a row twice')
  done.fill(1, row, row + count)
}

const malformed = (reason: string): LandfallError =>
  new LandfallError('bad_request', { what: 'changeset', reason: `steps: ${reason}` })
