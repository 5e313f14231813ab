/**
 * The foreign keys that Postgres has between synced tables, whether or not Drizzle declares them (P17.7).
 *
 * They decide the order in which a push writes. A migration may add one while the server runs, so they are read again
 * every ten seconds by a push that comes by: a query of half a millisecond. Knows no row.
 */
import type { Clock, Manifest, ManifestTable } from '@landfall/protocol'
import { parentsFirst } from '@landfall/schema/internal'
import type { Tx } from '../database/database.ts'

/** One foreign key; tables by their names, columns in the key's order. */
export type Reference = {
  table: string
  columns: string[]
  parent: string
  parentColumns: string[]
  /** A row may refer to none: some column takes NULL. */
  nullable: boolean
  /** It may be checked at the end of the transaction. */
  deferrable: boolean
}

const KEPT_MS = 10_000

/** The references of one server's tables, as its last push read them. */
export class References {
  readonly #manifest: Manifest
  readonly #clock: Clock
  #known: { at: number; references: Reference[]; order: ManifestTable[] } | null = null

  constructor(manifest: Manifest, clock: Clock) {
    this.#manifest = manifest
    this.#clock = clock
  }

  async read(tx: Tx): Promise<readonly Reference[]> {
    return (await this.#fresh(tx)).references
  }

  /** The tables, parents before children wherever the keys allow it. */
  async parentsFirst(tx: Tx): Promise<readonly ManifestTable[]> {
    return (await this.#fresh(tx)).order
  }

  async #fresh(tx: Tx) {
    const now = this.#clock.now()
    if (this.#known !== null && now - this.#known.at < KEPT_MS) return this.#known
    const references = await readReferences(tx, this.#manifest.tables)
    this.#known = { at: now, references, order: inOrder(this.#manifest.tables, references) }
    return this.#known
  }
}

function inOrder(tables: readonly ManifestTable[], references: readonly Reference[]): ManifestTable[] {
  const byName = new Map(tables.map((table) => [table.name, table]))
  const linked = tables.map((table) => {
    const found = references.filter((reference) => reference.table === table.name).map(({ parent }) => parent)
    return {
      ...table,
      parents: [...new Set([...table.parents, ...found])].filter((name) => name !== table.name),
    }
  })
  return parentsFirst(linked).flatMap(({ name }) => byName.get(name) ?? [])
}

async function readReferences(tx: Tx, tables: readonly ManifestTable[]): Promise<Reference[]> {
  const [row] = await tx.query(
    `
    WITH synced AS (
      SELECT c.oid, c.relname
      FROM unnest($1::text[], $2::text[]) AS w(schema, name)
      JOIN pg_namespace n ON n.nspname = w.schema
      JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
    )
    SELECT coalesce(json_agg(json_build_object(
      'table', child.relname, 'parent', parent.relname, 'deferrable', k.condeferrable,
      'columns', ${namesOf('k.conrelid', 'k.conkey')},
      'parentColumns', ${namesOf('k.confrelid', 'k.confkey')},
      'nullable', EXISTS (SELECT FROM pg_attribute a
                          WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) AND NOT a.attnotnull)
    ) ORDER BY k.conname), '[]')::text AS found
    FROM pg_constraint k
    JOIN synced child ON child.oid = k.conrelid
    JOIN synced parent ON parent.oid = k.confrelid
    WHERE k.contype = 'f'`,
    [tables.map(({ schema }) => schema), tables.map(({ name }) => name)],
  )
  return JSON.parse(row?.['found'] ?? '[]') as Reference[]
}

const namesOf = (relation: string, places: string) => `(
        SELECT json_agg(a.attname ORDER BY p.place)
        FROM unnest(${places}) WITH ORDINALITY AS p(attnum, place)
        JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = p.attnum)`
