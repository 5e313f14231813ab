/** Mutants of storage: what is on disk when a write is acknowledged, exact values, what the app sees of its writes. */
import type { Mutant } from './mutant.ts'

const OPEN_STORE = 'packages/engine/src/store/open-store.ts'

export const STORAGE: Mutant[] = [
  {
    name: 'acknowledged before it is flushed',
    file: 'packages/engine/src/adapters/sqlite-wasm.ts',
    find: "PRAGMA synchronous = ${relaxed ? 'normal' : 'full'};",
    replace: 'PRAGMA synchronous = off;',
    promise: 'P1',
    why: 'a power cut takes writes that the app was told are safe',
  },
  {
    name: 'data before the outbox',
    file: OPEN_STORE,
    find: '        const sealed = seal(label)\n',
    replace: `        driver.prepare('COMMIT').run([])
        driver.prepare('BEGIN').run([])
        const sealed = seal(label)
`,
    promise: 'P1',
    why: 'a value that must be refused is already stored, and a killed tab keeps rows that are never sent',
  },
  {
    name: 'a failed commit is acknowledged',
    file: OPEN_STORE,
    find: '        rollBack(driver)\n        throw error\n',
    replace: '        rollBack(driver)\n        return { number: null, touched: new Set<string>() }\n',
    promise: 'P1',
    why: 'on a full disk the app is told that its write is safe, and it is gone',
  },
  {
    name: 'a new client at each start',
    file: OPEN_STORE,
    find: '    migrateMirror(driver, manifest)\n',
    replace: `    migrateMirror(driver, manifest)
    driver.prepare('UPDATE landfall_state SET client = ?').run([ports.randomness.uuid()])
`,
    promise: 'P2',
    why: 'what was pushed and not yet acknowledged when the tab closed takes effect twice',
  },
  {
    name: 'fractions are rounded',
    file: 'packages/server/src/database/database.ts',
    find: "extra_float_digits: '1',",
    replace: "extra_float_digits: '0',",
    promise: 'P13',
    why: 'floating-point numbers lose their last digits on the way to the devices',
  },
  {
    name: 'large integers are rounded',
    file: 'packages/engine/src/adapters/sqlite/statement.ts',
    find: 'return Number.isSafeInteger(number) ? number : raw.sqlite3_column_int64(pointer, column)',
    replace: 'return number',
    promise: 'P13',
    why: 'an id beyond 2^53 turns into its neighbour',
  },
  {
    name: 'own writes are not shown',
    file: 'packages/engine/src/engine.ts',
    find: '  #committed({ number, touched }: Commit): void {\n    this.#options.live.flush(touched)\n',
    replace: '  #committed({ number }: Commit): void {\n',
    promise: 'P9',
    why: 'what was just typed shows on the screen only after a sync',
  },
]
