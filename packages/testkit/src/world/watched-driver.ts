/**
 * A SQLite driver whose statement runs are told to a hook, before and after each: where a simulated device is killed
 * or failed at a statement.
 *
 * A hook that throws before a run keeps it from running; one that throws after it loses the answer of what was done.
 * An `exec` is one run, however many statements it holds. Preparing alone is no run.
 */
import type { SqliteDriver, SqliteStatement } from '@landfall/engine'

/** A statement that an engine runs. */
export type StatementRun = {
  /** 1 for the driver's first. */
  n: number
  /** Its text; an `exec` may hold several. */
  sql: string
  /** Told twice: a hook that throws before keeps it from running, one that throws after loses its answer. */
  when: 'before' | 'after'
}

export function watchDriver(driver: SqliteDriver, hook: (run: StatementRun) => void): SqliteDriver {
  let runs = 0
  return aroundDriver(driver, (sql, run) => {
    const n = ++runs
    hook({ n, sql, when: 'before' })
    const result = run()
    hook({ n, sql, when: 'after' })
    return result
  })
}

type Around = <Result>(sql: string, run: () => Result) => Result

/** The same driver, each run inside of what is put around it. */
export function aroundDriver(driver: SqliteDriver, watched: Around): SqliteDriver {
  const statement = (sql: string, inner: SqliteStatement): SqliteStatement => ({
    columns: inner.columns,
    readonly: inner.readonly,
    all: (params) => watched(sql, () => inner.all(params)),
    allColumns: (params) => watched(sql, () => inner.allColumns(params)),
    run: (params) => watched(sql, () => inner.run(params)),
    runColumns: (columns) => watched(sql, () => inner.runColumns(columns)),
  })
  return {
    ...driver,
    exec: (sql) => watched(sql, () => driver.exec(sql)),
    prepare: (sql) => statement(sql, driver.prepare(sql)),
    prepareUser: (sql) => statement(sql, driver.prepareUser(sql)),
  }
}
