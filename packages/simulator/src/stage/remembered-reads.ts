/**
 * Answers the server's own polls from memory while nothing was written: they can only see what the last ones saw.
 *
 * Each process polls the change log up to forty times a second, of virtual time, and reads its listeners' memberships
 * in turns, which together would make nine tenths of all the work of a run. What such reads see depends on Postgres'
 * state alone, as long as they do not ask for the time. Transactions that serve a request go through.
 */
import type { Database, TextRow, TransactionOptions, Tx } from '@landfall/server'

export type RememberedReads = {
  /** The same database, with this memory, which all processes' databases share. */
  over(database: Database): Database
  /** Something was written past these databases. */
  forget(): void
  /** How often something may have been written. */
  writes(): number
}

/** `isServing`: whether a request is being served. */
export function rememberReads(isServing: () => boolean): RememberedReads {
  const answers = new Map<string, TextRow[]>()
  let writes = 0

  async function ask(
    database: Database,
    options: TransactionOptions,
    [sql, params = []]: Parameters<Tx['query']>,
  ): Promise<TextRow[]> {
    const name = `${sql}\n${params.map(String).join()}`
    const known = answers.get(name)
    if (known !== undefined) return known
    const before = writes
    const rows = await database.transaction(options, (tx) => tx.query(sql, params))
    // An answer that a commit has overtaken is old by now.
    if (before === writes) answers.set(name, rows)
    return rows
  }

  function forget(): void {
    writes++
    answers.clear()
  }

  return {
    over: (database) => ({
      kind: database.kind,
      async transaction(options, work) {
        if (options.readOnly && !isServing())
          return work({ query: (...question) => ask(database, options, question) })
        if (options.readOnly) return database.transaction(options, work)
        try {
          return await database.transaction(options, work)
        } finally {
          forget()
        }
      },
      close: () => database.close(),
    }),
    forget,
    writes: () => writes,
  }
}
