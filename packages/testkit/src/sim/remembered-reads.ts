/**
 * Answers the server's own polls from memory while nothing was written: they can only see what the last ones saw.
 *
 * Each process polls the change log up to forty times a second, of virtual time, and reads its listeners' memberships
 * in turns, which together would make nine tenths of all the work of a run. What such reads see depends on Postgres'
 * state alone, as long as they do not ask for the time. Transactions that serve a request go through.
 */
import type { Database, TextRow, TransactionOptions, Tx } from '@landfall/server'

export type RememberedReads = {
  database: Database
  /** Something was written past this database. */
  forget(): void
}

/** `isOwnErrand`: whether a request is being served. */
export function rememberReads(database: Database, isOwnErrand: () => boolean): RememberedReads {
  const answers = new Map<string, TextRow[]>()

  async function ask(
    options: TransactionOptions,
    [sql, params]: Parameters<Tx['query']>,
  ): Promise<TextRow[]> {
    const name = JSON.stringify([sql, params])
    const known = answers.get(name)
    if (known !== undefined) return known
    const rows = await database.transaction(options, (tx) => tx.query(sql, params))
    answers.set(name, rows)
    return rows
  }

  return {
    database: {
      kind: database.kind,
      async transaction(options, work) {
        if (options.readOnly && !isOwnErrand())
          return work({ query: (...question) => ask(options, question) })
        if (options.readOnly) return database.transaction(options, work)
        try {
          return await database.transaction(options, work)
        } finally {
          answers.clear()
        }
      },
      close: () => database.close(),
    },
    forget: () => answers.clear(),
  }
}
