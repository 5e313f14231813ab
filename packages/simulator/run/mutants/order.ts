/** Mutants of order: what Postgres takes statement by statement, it takes from a device. */
import type { Mutant } from './mutant.ts'

export const ORDER: Mutant[] = [
  {
    name: 'steps are forgotten',
    file: 'packages/engine/src/store/seal.ts',
    find: 'steps: order(found)',
    replace: 'steps: null',
    promise: 'P2.4',
    why: 'moving a default flag from one row to another is rejected',
  },
  {
    name: 'values in between are forgotten',
    file: 'packages/engine/src/store/steps.ts',
    find: 'return [...told, whole(last, row)]',
    replace: 'return [whole(last, row)]',
    promise: 'P2.4',
    why: 'two positions that are swapped by a third value are rejected',
  },
  {
    name: 'cycles are not closed',
    file: 'packages/server/src/push/order/orders.ts',
    find: 'if (loose.size === 0) return moves',
    replace: 'return moves',
    promise: 'P2.4',
    why: 'a team and its lead, made together, are rejected',
  },
]
