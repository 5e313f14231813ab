/**
 * Whether this server can serve: `server.health()`, `GET /health`, and once at the start.
 *
 * Each check asks the catalog one thing and answers problems with their cures; a server is healthy when none has any.
 * Checks run in one transaction, for whoever asks within a second, since `/health` is open to everybody.
 */
import { PROTOCOL_VERSION } from '@landfall/protocol'
import type { ServerContext } from '../context.ts'
import type { TransactionOptions, Tx } from '../database/database.ts'
import type { UncapturedTable } from '../gaps/check-captures.ts'
import { type HealthProblem, readFaults, ServerFault } from './faults.ts'

/** How a server is. */
export type Health = {
  /** Nothing is wrong. */
  ok: boolean
  /** The version of the wire that it speaks. */
  protocol: number
  /** The hash of the manifest that it serves. */
  schema: string
  /** What is wrong, each with its cure. */
  problems: readonly HealthProblem[]
}

type Check = (tx: Tx, context: ServerContext) => Promise<HealthProblem[]>

const CHECKS: readonly Check[] = [readFaults, readForeignVersion]

const READ: TransactionOptions = { isolation: 'read committed', readOnly: true }
const KEPT_MS = 1_000

/** The checks of one server; `onFailure` hears why Postgres did not answer. */
export class HealthCheck {
  readonly #context: ServerContext
  readonly #onFailure: (error: unknown) => void
  #last: { at: number; health: Promise<Health> } | null = null

  constructor(context: ServerContext, onFailure: (error: unknown) => void) {
    this.#context = context
    this.#onFailure = onFailure
  }

  /** Never rejects: a Postgres that cannot be reached is a problem like any other. */
  read(): Promise<Health> {
    const now = this.#context.clock.now()
    if (this.#last === null || now - this.#last.at >= KEPT_MS) this.#last = { at: now, health: this.#check() }
    return this.#last.health
  }

  async #check(): Promise<Health> {
    const { database, sync } = this.#context
    const problems = await database
      .transaction(READ, async (tx) => {
        const found: HealthProblem[] = []
        for (const check of CHECKS) found.push(...(await check(tx, this.#context)))
        return found
      })
      .catch((error: unknown) => {
        this.#onFailure(error)
        return [UNREACHABLE]
      })
    return { ok: problems.length === 0, protocol: PROTOCOL_VERSION, schema: sync.manifest.hash, problems }
  }

  /** Throws `ServerFault` for what stands in the way of serving; what passes by itself is left to the requests. */
  async checkStart(): Promise<void> {
    const { problems } = await this.read()
    const lasting = problems.filter((problem) => problem !== UNREACHABLE)
    if (lasting.length > 0) throw new ServerFault(lasting)
  }
}

/** The same, and the tables that are not captured. Anybody may ask: what is wrong with them is told to `onError` alone. */
export function withGaps(health: Health, uncaptured: readonly UncapturedTable[]): Health {
  const gaps = uncaptured.map(
    ({ table }): HealthProblem => ({
      table,
      problem: 'Its changes do not all reach the devices.',
      cure: 'See what onError was told of it, and run migrateSync.',
    }),
  )
  const problems = [...health.problems, ...gaps]
  return { ...health, ok: problems.length === 0, problems }
}

const UNREACHABLE: HealthProblem = {
  problem: 'Postgres did not answer.',
  cure: 'See the log of the server: requests say why.',
}

/** The bookkeeping belongs to an app, and knows each version that was migrated. */
async function readForeignVersion(
  tx: Tx,
  { bookkeeping, sync }: Pick<ServerContext, 'bookkeeping' | 'sync'>,
): Promise<HealthProblem[]> {
  const [access] = await tx.query(
    `
    SELECT bool_and(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))::text AS readable
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = 'manifests'`,
    [bookkeeping.schema],
  )
  // Without the table or the right to it there is another problem already.
  if (access?.['readable'] !== 'true') return []
  const [row] = await tx.query(
    `
    SELECT max(name) AS owner, bool_or(hash = $1)::text AS known FROM ${bookkeeping.manifests}`,
    [sync.manifest.hash],
  )
  const owner = row?.['owner'] ?? sync.name
  if (owner !== sync.name) {
    const problem = `The bookkeeping schema ${bookkeeping.schema} belongs to the app ${owner}, and this is ${sync.name}.`
    return [{ problem, cure: 'Give createSyncServer the `schema` that migrateSync was given.' }]
  }
  if (row?.['known'] === 'true') return []
  return [
    {
      problem: 'This version of the app was not migrated here.',
      cure: 'Run migrateSync before the server starts, with the same `sync` and `schema`.',
    },
  ]
}
