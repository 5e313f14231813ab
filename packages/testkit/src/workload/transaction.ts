/**
 * One transaction of a plan: a few pieces of work, on one table or on several, some of them inside a savepoint.
 */
import type { SeededRandom } from '../world/random.ts'
import { chance, pick } from './chance.ts'
import { family } from './family.ts'
import { RECIPES, type Recipe } from './kinds.ts'
import type { Draw } from './rows.ts'
import { type Statement, statement } from './statement.ts'
import { type Kind, kindsOf, pickKind } from './weights.ts'
import { type Dialect, hasReadonly, type PlanTable, type Workload } from './workload.ts'

/** The kinds that are work on a table; `savepoint` goes around them, `refused` behind them. */
const WORK: { [Name in Exclude<Kind, 'savepoint' | 'refused'>]: Recipe } = { ...RECIPES, family }

const ONLY: { [Name in Kind]?: Dialect } = { replace: 'sqlite', refused: 'sqlite', truncate: 'postgres' }

const RENEWING: ReadonlySet<Kind> = new Set(['replace', 'reinsert', 'rekey'])
const REMOVING: ReadonlySet<Kind> = new Set(['delete', 'deleteScope'])
const CREATING: ReadonlySet<Kind> = new Set(['insert', 'insertMany', 'upsert', 'family'])

const MOST_PIECES = 4
const SINGLE_ODDS = 0.5
const REMOVING_ODDS = 0.3

export type Pieces = { kinds: Kind[]; statements: Statement[] }

type Side = {
  workload: Workload
  dialect: Dialect
  random: SeededRandom
  /** Whether the transaction may delete rows with read-only columns, or may make some. */
  removing: boolean
}

export function planPieces({ workload, dialect, random }: Omit<Side, 'removing'>): Pieces {
  const side = { workload, dialect, random, removing: chance(REMOVING_ODDS, random) }
  const possible = possibleKinds(side)
  const count = chance(SINGLE_ODDS, random) ? 1 : 2 + random.below(MOST_PIECES - 1)
  const pieces: Pieces = { kinds: [], statements: [] }
  for (let i = 0; i < count; i++) {
    const kind = pickKind(workload.weights, possible, random)
    if (kind === null) break
    pieces.kinds.push(kind)
    pieces.statements.push(...planKind(side, kind, possible))
  }
  return pieces
}

function planKind(side: Side, kind: Kind, possible: readonly Kind[]): Statement[] {
  if (kind === 'refused') return []
  if (kind === 'savepoint') return planSavepoint(side, possible)
  const { workload, dialect, random } = side
  const draw: Draw = { workload, dialect, random, table: pick(fitting(side, kind), random) }
  return WORK[kind].plan(draw)
}

function planSavepoint(side: Side, possible: readonly Kind[]): Statement[] {
  const { workload, random } = side
  const inner = possible.filter((kind) => kind !== 'savepoint' && kind !== 'refused')
  const work = Array.from({ length: 1 + random.below(2) }, () => pickKind(workload.weights, inner, random))
  const undo = chance(0.6, random) ? [statement`rollback to inner_work`] : []
  return [
    statement`savepoint inner_work`,
    ...work.flatMap((kind) => (kind === null ? [] : planKind(side, kind, inner))),
    ...undo,
    statement`release inner_work`,
  ]
}

/** The kinds that are on, belong to this side, and find a table that they fit. */
function possibleKinds(side: Side): Kind[] {
  return kindsOf(side.workload.weights).filter((kind) => {
    if ((ONLY[kind] ?? side.dialect) !== side.dialect) return false
    return kind === 'savepoint' || kind === 'refused' || fitting(side, kind).length > 0
  })
}

const fitting = (side: Side, kind: keyof typeof WORK): PlanTable[] =>
  side.workload.tables.filter(
    (table) => WORK[kind].fits(table, table.written[side.dialect]) && keepsReadonly(side, kind, table),
  )

/**
 * Whether the work leaves a device's read-only columns alone. A row that one transaction deletes and makes again, or
 * that gets another key, comes back without them or copies them, and the commit refuses both (`readonly_column`).
 */
function keepsReadonly({ workload, dialect, removing }: Side, kind: Kind, table: PlanTable): boolean {
  const parents = workload.tables.filter(({ manifest }) =>
    table.links.some((link) => link.parent === manifest.name),
  )
  const touched = kind === 'family' ? [table, ...parents] : [table]
  if (dialect === 'postgres' || !touched.some(hasReadonly)) return true
  if (RENEWING.has(kind)) return false
  return removing ? !CREATING.has(kind) : !REMOVING.has(kind)
}
