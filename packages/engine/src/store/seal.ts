/**
 * Seals the open transaction into a changeset: net changes, number, stamp and outbox entry, before the COMMIT that
 * makes data, outbox and clock durable together (P1.2).
 */
import { changesetNumber, type ChangesetNumber, type Clock, nextHlc } from '@landfall/protocol'
import type { SqliteDriver } from '../ports.ts'
import type { Between } from './between.ts'
import { nonEmpty, readState, updateState } from './bookkeeping.ts'
import type { NetChanges } from './net-changes.ts'
import { appendOutbox, type Sealed } from './outbox.ts'
import { stepsOf } from './steps.ts'
import type { TableParts, Tables } from './tables.ts'

export type Seal = { number: ChangesetNumber | null; touched: Set<string> }

export type SealContext = { driver: SqliteDriver; tables: Tables; clock: Clock }

export function sealChangeset({ driver, tables, clock }: SealContext, label: string | null): Seal {
  const changed = nonEmpty(driver, [...tables.values()], ({ table }) => table.before)
  const touched = new Set(changed.map(({ table }) => table.name))
  const found = changed.map((parts) => ({ parts, net: parts.net.read(), between: parts.between.read() }))
  const changes = found.flatMap(({ net }) => net.blocks.map(({ block }) => block))
  const number =
    changes.length === 0 ? null : append({ driver, clock }, { label, changes, steps: order(found) })
  for (const each of found) close(each, number)
  return { number, touched }
}

type Found = { parts: TableParts; net: NetChanges; between: Between | null }

const order = (found: Found[]): Sealed['steps'] =>
  stepsOf(found.map(({ parts, net, between }) => ({ table: parts.table, blocks: net.blocks, between })))

function append(
  { driver, clock }: { driver: SqliteDriver; clock: Clock },
  work: Pick<Sealed, 'label' | 'changes' | 'steps'>,
): ChangesetNumber {
  const { nextNumber, hlc: last } = readState(driver)
  const at = clock.now()
  const hlc = nextHlc(last, at)
  appendOutbox(driver, { number: nextNumber, hlc, at, ...work })
  updateState(driver, { next_number: changesetNumber(nextNumber + 1), hlc })
  return nextNumber
}

function close({ parts, net, between }: Found, number: ChangesetNumber | null): void {
  if (number !== null && net.blocks.length > 0) parts.base.record(number, net)
  parts.net.clear()
  if (between !== null) parts.between.clear()
}
