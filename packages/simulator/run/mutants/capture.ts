/** Mutants of capture: what a local transaction has changed, and nothing else. */
import type { Mutant } from './mutant.ts'

const BOOKKEEPING = 'packages/engine/src/store/bookkeeping.ts'
const CAPTURE_DDL = 'packages/engine/src/store/capture.ts'

export const CAPTURE: Mutant[] = [
  {
    name: 'capture stays off after a pull',
    file: BOOKKEEPING,
    find: "  driver.prepare('UPDATE landfall_guard SET capturing = 1').run([])\n",
    replace: '',
    promise: 'P3',
    why: 'after the first pull nothing that is written leaves the device',
  },
  {
    name: 'pulled rows are captured',
    file: BOOKKEEPING,
    find: "  driver.prepare('UPDATE landfall_guard SET capturing = 0').run([])\n",
    replace: '',
    promise: 'P10',
    why: "others' changes go back to the server as if this user had made them",
  },
  {
    name: 'an insert covers the before image',
    file: CAPTURE_DDL,
    find: "const AGAIN = 'UPDATE SET landfall_existed = landfall_existed'",
    replace: "const AGAIN = 'UPDATE SET landfall_existed = 0'",
    promise: 'P2',
    why: 'INSERT OR REPLACE of a known row travels as an insert: its counters are added once more',
  },
  {
    name: 'REPLACE deletes unseen',
    file: 'packages/engine/src/adapters/sqlite-wasm.ts',
    find: '    PRAGMA recursive_triggers = on;\n',
    replace: '',
    promise: 'P2',
    why: 'INSERT OR REPLACE of a known row travels as an insert: its counters are added once more',
  },
  {
    name: 'a new key is not captured',
    file: CAPTURE_DDL,
    find: '    trigger(table, rekeys(table)),\n',
    replace: '',
    promise: 'P2',
    why: 'a row whose key is changed here is deleted for everybody',
  },
  {
    name: 'before images are kept',
    file: 'packages/engine/src/store/seal.ts',
    find: '  parts.net.clear()\n',
    replace: '',
    promise: 'P10',
    why: 'every transaction is sent again with the next one',
  },
]
