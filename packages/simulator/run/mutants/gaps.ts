/** Mutants of gaps: what went unlogged is noticed, told and healed. */
import type { Mutant } from './mutant.ts'

const DEVICE = 'packages/engine/src/store/gaps.ts'

export const GAPS: Mutant[] = [
  {
    name: 'a mended gap is not marked',
    file: 'packages/server/src/migrate/migrate.ts',
    find: '  if (!intact) await mark(tx, bookkeeping, { table: table.name, operation: LOG_OPERATIONS.mended })\n',
    replace: '',
    promise: 'P17.8',
    why: 'what was written between the first look and the mend stays wrong on every device',
  },
  {
    name: 'capture is believed',
    file: 'packages/server/src/gaps/capture-watch.ts',
    find: '    if (this.#context.clock.now() < this.#nextAt) return\n',
    replace: '    if (this.#context.clock.now() < Number.POSITIVE_INFINITY) return\n',
    promise: 'P17.8',
    why: 'triggers that were switched off for an hour are noticed by nobody',
  },
  {
    name: 'a mark asks for no verification',
    file: 'packages/engine/src/sync/loop/next-turn.ts',
    find: '  if (!facts.store.marked || facts.verifying) return facts\n',
    replace: '  if (facts.store.outbox >= 0) return facts\n',
    promise: 'P17.9',
    why: 'devices know that a table may be wrong, and leave it so',
  },
  {
    name: 'marks are lost',
    file: DEVICE,
    find: '    .runColumns([marked])\n',
    replace: '    .runColumns([marked.slice(marked.length)])\n',
    promise: 'P17.9',
    why: 'the cursor has passed the mark, and it never comes again',
  },
  {
    name: 'the status hides a gap',
    file: DEVICE,
    find: '    .runColumns([uncaptured])\n',
    replace: '    .runColumns([uncaptured.slice(uncaptured.length)])\n',
    promise: 'P17.8',
    why: 'people take old rows for new ones',
  },
]
