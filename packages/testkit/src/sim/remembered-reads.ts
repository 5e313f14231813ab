/**
 * Answers polls of the change log from memory while nothing was written: they can only see what the last one saw.
 *
 * Each server process polls up to forty times a second, of virtual time, which would make nine tenths of all the work of
 * a run. Single statements at READ COMMITTED that read are pure functions of Postgres' state, as long as they do not
 * ask for the time, which the server's polls do not; other transactions go through.
 */
import type { Database, TextRow, TransactionOptions, Tx } from '@landfall/server'

export type RememberedReads = {
  /** The same database, with this memory, which all processes' databases share. */
  over(database: Database): Database
  /** Something was written past these databases. */
  forget(): void
}

export function rememberReads(): RememberedReads {
  const answers = new Map<string, TextRow[]>()
  let writes = 0
  const isPoll = ({ isolation, readOnly }: TransactionOptions): boolean =>
    readOnly && isolation === 'read committed'

  async function ask(
    database: Database,
    options: TransactionOptions,
    [sql, params]: Parameters<Tx['query']>,
  ): Promise<TextRow[]> {
    const name = JSON.stringify([sql, params])
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
        if (isPoll(options)) return work({ query: (...question) => ask(database, options, question) })
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
  }
}
