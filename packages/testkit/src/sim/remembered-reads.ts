/**
 * Answers polls of the change log from memory while nothing was written: they can only see what the last one saw.
 *
 * Each server process polls up to forty times a second, of virtual time, which would make nine tenths of all the work of
 * a run. Single statements at READ COMMITTED that read are pure functions of Postgres' state, as long as they do not
 * ask for the time, which the server's polls do not; other transactions go through.
 */
import type { Database, TextRow, TransactionOptions, Tx } from '@landfall/server'

export type RememberedReads = {
  database: Database
  /** Something was written past this database. */
  forget(): void
}

export function rememberReads(database: Database): RememberedReads {
  const answers = new Map<string, TextRow[]>()
  const isPoll = ({ isolation, readOnly }: TransactionOptions): boolean =>
    readOnly && isolation === 'read committed'

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
        if (isPoll(options)) return work({ query: (...question) => ask(options, question) })
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
