/**
 * The order of a changeset: when each row's net change took place, and what was written before it (`Changeset.steps`).
 *
 * A row's events are its touches that changed what its constrained columns hold. The last one carries the whole net
 * change, those before it are steps in between, of columns that the net change has. While a row that the changeset
 * updates was gone, its nullable columns are empty; a row that the changeset deletes goes when it first went, and one
 * that it inserts comes when it last came.
 */
import { type ChangeBlock, encodeKey, rowAt, rowCount, type Step, type WireValue } from '@landfall/protocol'
import type { Between, Held, Until } from './between.ts'
import type { MirrorTable } from './mirror-table.ts'
import type { NetBlock } from './net-blocks.ts'

export type OrderedChanges = { table: MirrorTable; blocks: NetBlock[]; between: Between | null }

type Values = { [column: string]: WireValue }
/** `values` null: the net change. */
type Event = { at: number; block: number; row: number; values: Values | null }

/**
 * null: the blocks as they stand are the order. Brings the rows of each block into it; only where nothing but one block of
 * rows was inserted, which one statement inserts again, they are left as they are: sorting rows by random keys costs a
 * tenth of a bulk load.
 */
export function stepsOf(changes: OrderedChanges[]): Step[] | null {
  const blocks = changes.flatMap((each) => each.blocks.map((net) => ({ ...each, ...net })))
  const [first] = blocks
  const isOne = blocks.length === 1 && changes.every(({ between }) => between === null)
  if (isOne && first?.block.operation === 'insert') return null
  for (const net of blocks) sortRows(net)
  if (isOne) return null
  const events = blocks.flatMap((net, block) => eventsOf(net, block))
  events.sort((a, b) => a.at - b.at)
  const steps = foldRuns(events)
  const isGiven = steps.every(
    (step, i) => 'count' in step && step.block === i && step.count === rowCount(blocks[i]?.block.keys ?? []),
  )
  return isGiven && steps.length === blocks.length ? null : steps
}

/** Where they are not in order already, as what a scan has touched is. */
function sortRows({ block, firsts }: NetBlock): void {
  if (firsts.every((first, row) => row === 0 || first > (firsts[row - 1] ?? 0))) return
  const order = [...firsts.keys()].sort((a, b) => (firsts[a] ?? 0) - (firsts[b] ?? 0))
  const sorted = (column: WireValue[]): WireValue[] => order.map((row) => column[row] ?? null)
  block.keys = block.keys.map(sorted)
  block.old = block.old.map(sorted)
  block.new = block.new.map(sorted)
  firsts.sort((a, b) => a - b)
}

function foldRuns(events: Event[]): Step[] {
  const steps: Step[] = []
  let run: { block: number; row: number; count: number } | null = null
  for (const { block, row, values } of events) {
    if (values !== null) {
      steps.push({ block, row, values })
      run = null
    } else if (run !== null && run.block === block && run.row + run.count === row) run.count++
    else steps.push((run = { block, row, count: 1 }))
  }
  return steps
}

type TouchedBlock = { table: MirrorTable; between: Between | null; block: ChangeBlock; firsts: number[] }

function eventsOf(net: TouchedBlock, block: number): Event[] {
  const whole = (at: number, row: number): Event => ({ at, block, row, values: null })
  const { between: known } = net
  if (known === null) return net.firsts.map(whole)
  return net.firsts.flatMap((first, row) => {
    const untils = known.get(encodeKey(rowAt(net.block.keys, row)))
    if (untils === undefined) return whole(first, row)
    const touches = touchesOf({ first, untils, final: sideOf(net, 'new', row) })
    const events = changing(net, touches, sideOf(net, 'old', row))
    const last = events.pop()?.at ?? first
    const between = events.map(({ at, held }) => ({ at, block, row, values: valuesOf(net, held) }))
    const told = between.filter(({ values }) => Object.keys(values).length > 0)
    return [...told, whole(last, row)]
  })
}

/** What the row held from a touch on. */
type Touch = { at: number; held: Held | undefined }

function touchesOf({ first, untils, final }: { first: number; untils: Until[]; final: Held }): Touch[] {
  const times = [first, ...untils.map(({ at }) => at)]
  return times.map((at, i) => ({ at, held: i < untils.length ? untils[i]?.held : final }))
}

/** The touches that count. */
function changing({ table, block }: TouchedBlock, touches: Touch[], before: Held): Touch[] {
  const names = table.constrained.map(({ name }) => name).filter((name) => block.columns.includes(name))
  const from = block.operation === 'insert' ? touches.findLastIndex(({ held }) => held === null) + 1 : 0
  const gone = block.operation === 'delete' ? touches.findIndex(({ held }) => held === null) : -1
  const counted: Touch[] = []
  let last: Held | undefined = before
  for (const touch of touches.slice(from, gone < 0 ? undefined : gone + 1)) {
    if (touch.held === undefined || (last !== undefined && isSame(names, last, touch.held))) continue
    counted.push(touch)
    last = touch.held
  }
  return counted
}

const isSame = (names: string[], a: Held, b: Held): boolean =>
  a === null || b === null ? a === b : names.every((name) => a.get(name) === b.get(name))

/** The constrained columns of the row's net change, before or after. */
function sideOf({ table, block }: TouchedBlock, side: 'old' | 'new', row: number): Held {
  const { operation, columns } = block
  if (operation === (side === 'old' ? 'insert' : 'delete')) return null
  const names = table.constrained.map(({ name }) => name).filter((name) => columns.includes(name))
  return new Map(names.map((name) => [name, block[side][columns.indexOf(name)]?.[row] ?? null]))
}

function valuesOf({ table, block }: TouchedBlock, held: Held | undefined): Values {
  const columns = table.constrained.filter(
    ({ name, definition }) =>
      block.columns.includes(name) &&
      (held !== null || (definition.nullable && block.operation === 'update')),
  )
  return Object.fromEntries(columns.map(({ name }) => [name, held?.get(name) ?? null]))
}
