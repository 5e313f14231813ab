/**
 * One transaction of a plan: a few pieces of work, on one table or on several, some of them inside a savepoint.
 */
import type { SeededRandom } from '@landfall/testkit'
import { chance, pick } from './chance.ts'
import { family } from './family.ts'
import { RECIPES, type Recipe } from './kinds.ts'
import type { Draw } from './rows.ts'
import { type Statement, statement } from './statement.ts'
import { type Kind, kindsOf, pickKind } from './weights.ts'
import type { Dialect, PlanTable, Workload } from './workload.ts'

/** The kinds that are work on a table; `savepoint` goes around them, `refused` behind them. */
const WORK: { [Name in Exclude<Kind, 'savepoint' | 'refused'>]: Recipe } = { ...RECIPES, family }

const ONLY: { [Name in Kind]?: Dialect } = { replace: 'sqlite', refused: 'sqlite', truncate: 'postgres' }

const MOST_PIECES = 4
const SINGLE_ODDS = 0.5

export type Pieces = { kinds: Kind[]; statements: Statement[] }

type Side = { workload: Workload; dialect: Dialect; random: SeededRandom }

export function planPieces(side: Side): Pieces {
  const { workload, random } = side
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
  side.workload.tables.filter((table) => WORK[kind].fits(table, table.written[side.dialect]))
