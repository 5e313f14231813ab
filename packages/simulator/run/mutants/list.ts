/**
 * All mutants: the bugs that the simulator's checkers must see.
 *
 * Each is one that some sync engine has had, or that a change here could plausibly bring. What could not be seen from
 * outside is left out: a missed wake-up that the next timer makes good is a delay, and one check of two that guard the
 * same thing can go without harm.
 */
import { APPLYING } from './apply.ts'
import { CAPTURE } from './capture.ts'
import { CURSOR } from './cursor.ts'
import { GAPS } from './gaps.ts'
import { RECOVERY } from './recovery.ts'
import { LOOP } from './loop.ts'
import { MERGE } from './merge.ts'
import type { Mutant } from './mutant.ts'
import { ORDER } from './order.ts'
import { PUSH } from './push.ts'
import { SCOPES } from './scopes.ts'
import { STORAGE } from './storage.ts'

export const MUTANTS: readonly Mutant[] = [
  ...CURSOR,
  ...PUSH,
  ...ORDER,
  ...MERGE,
  ...SCOPES,
  ...APPLYING,
  ...CAPTURE,
  ...STORAGE,
  ...LOOP,
  ...RECOVERY,
  ...GAPS,
]
