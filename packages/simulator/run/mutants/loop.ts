/** Mutants of the sync loop: waits without an end. */
import type { Mutant } from './mutant.ts'

const PHASE = 'packages/engine/src/sync/loop/phase.ts'

export const LOOP: Mutant[] = [
  {
    name: 'offline waits for a sign',
    file: PHASE,
    find: "    case 'offline':\n    case 'stopped':\n      return state.retryAt\n",
    replace: "    case 'offline':\n      return NEVER\n    case 'stopped':\n      return state.retryAt\n",
    promise: 'P8',
    why: 'after one lost request sync stands still until the next reload',
  },
  {
    name: 'signed out for good',
    file: PHASE,
    find: "    case 'offline':\n    case 'stopped':\n      return state.retryAt\n",
    replace: "    case 'stopped':\n      return NEVER\n    case 'offline':\n      return state.retryAt\n",
    promise: 'P11',
    why: 'after an expired token sync stands still, though the app has a new one',
  },
  {
    name: 'a request is never given up',
    file: PHASE,
    find: "    case 'requesting':\n      return state.giveUpAt\n",
    replace: "    case 'requesting':\n      return NEVER\n",
    promise: 'P8',
    why: 'a connection that died without a word stops sync for ever',
  },
  {
    name: 'a pull that cannot be stored stops the loop',
    file: 'packages/engine/src/sync/loop/responses.ts',
    find: 'return fail(state.facts, failureOf(event.error), at)',
    replace: 'return ignore(state)',
    promise: 'P8',
    why: 'once the disk was full while a pull was applied, sync stands still until the next reload',
  },
  {
    name: 'a lost history is waited out',
    file: 'packages/engine/src/sync/loop/move.ts',
    find: "  if (error.code === 'history_lost') return loadAgain({ ...facts, trouble })\n",
    replace: '',
    promise: 'P11',
    why: 'after a restore of the server devices ask with their old cursors for ever',
  },
  {
    name: 'a clock that was set back stops the timer',
    file: 'packages/engine/src/sync/loop/loop-clock.ts',
    find: '    ahead += Math.max(0, latest - (clock.now() + ahead))\n',
    replace: '',
    promise: 'P8',
    why: 'a clock that is set back by a year stops sync for a year',
  },
]
