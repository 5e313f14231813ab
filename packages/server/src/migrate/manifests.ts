/**
 * The versions of an app that one bookkeeping schema serves: their manifests, by hash and in order (P17.4).
 *
 * In a rolling deploy processes of two versions run side by side, and an old one may restart after the new one has
 * migrated. So what is captured of a table follows from all versions that may still be served, whoever migrates last:
 * the newest one's definition, and the columns and scopes that only others have. The newest is the one that was migrated
 * first the latest, or activated since. A version counts for 30 days after it was last served; its scopes only for one,
 * which is a long deploy, since what the newest takes out of a scope should not be named in it for longer.
 * Knows no trigger and no live table.
 */
import { LandfallError, type Manifest, type ManifestTable } from '@landfall/protocol'
import { type SyncDefinition } from '@landfall/schema'
import { quoteTable } from '@landfall/schema/internal'
import type { Tx } from '../database/database.ts'
import type { Bookkeeping } from '../log/bookkeeping.ts'
import type { Hanging } from '../log/capture-function.ts'
import { hangingOn } from '../log/capture-moves.ts'
import { ownTriggers } from './own-triggers.ts'

const KEPT_DAYS = 30
const SCOPES_DAYS = 1

/** What identifies a version of an app. */
export type AppVersion = Pick<SyncDefinition, 'manifest' | 'name'>

export type ServedVersion = {
  hash: string
  name: string
  manifest: Manifest
  /** Served so lately that processes of it may still run. */
  isRecent: boolean
}

/** The versions that count, the newest first. */
export async function readVersions(tx: Tx, { manifests }: Bookkeeping): Promise<ServedVersion[]> {
  const rows = await tx.query(`
    SELECT hash, name, manifest::text AS manifest,
      (last_served > now() - interval '${SCOPES_DAYS} days')::text AS is_recent
    FROM ${manifests}
    WHERE place = (SELECT max(place) FROM ${manifests}) OR last_served > now() - interval '${KEPT_DAYS} days'
    ORDER BY ${manifests}.place DESC`)
  return rows.map((row) => ({
    hash: row['hash'] ?? '',
    name: row['name'] ?? '',
    manifest: JSON.parse(row['manifest'] ?? '{"tables":[]}') as Manifest,
    isRecent: row['is_recent'] === 'true',
  }))
}

/**
 * Notes that the version is served now. A version that is new here, or activated, becomes the
 * newest. Throws `bookkeeping_taken` when the schema belongs to another app.
 */
export async function recordVersion(
  tx: Tx,
  bookkeeping: Bookkeeping,
  { app, activate }: { app: AppVersion; activate: boolean },
): Promise<void> {
  const kept = await readVersions(tx, bookkeeping)
  await refuseOthers(tx, bookkeeping, { app, kept })
  const { manifests } = bookkeeping
  const { name, manifest } = app
  // Until now the newest was served, whenever its processes started.
  await tx.query(
    `UPDATE ${manifests} SET last_served = now() WHERE place = (SELECT max(place) FROM ${manifests})`,
  )
  await tx.query(
    `
    INSERT INTO ${manifests} AS m (hash, name, manifest, place)
    SELECT $1, $2, $3::json, coalesce(max(place), 0) + 1 FROM ${manifests}
    ON CONFLICT (hash) DO UPDATE SET
      last_served = now(),
      place = CASE WHEN $4::boolean AND m.place < excluded.place - 1 THEN excluded.place ELSE m.place END`,
    [manifest.hash, name, JSON.stringify(manifest), activate],
  )
}

async function refuseOthers(
  tx: Tx,
  bookkeeping: Bookkeeping,
  { app, kept }: { app: AppVersion; kept: readonly ServedVersion[] },
): Promise<void> {
  const { schema } = bookkeeping
  const [newest] = kept
  if (newest === undefined) return
  const known = new Set(kept.flatMap(({ manifest }) => manifest.tables.map(relationOf)))
  const { tables } = app.manifest
  const sharesTable =
    tables.some((table) => known.has(relationOf(table))) ||
    // Renamed, or moved to another schema, it still has its triggers.
    (await ownTriggers(tx, bookkeeping, tables.map(quoteTable))).length > 0
  if (newest.name === app.name && sharesTable) return
  const what =
    newest.name === app.name ? 'None of the tables is known there' : 'Versions of one app keep their `name`'
  const cure = `${what}. Give this app a bookkeeping schema of its own (option \`schema\` of migrateSync and createSyncServer), or let go of the other one: releaseSync(database, { schema: '${schema}' }).`
  throw new LandfallError('bookkeeping_taken', { schema, name: app.name, owner: newest.name, cure })
}

/**
 * What is to be captured of a table that the app's own version names: all that any version has, the newest first. A column
 * may stand twice, with two types, and may not be in the live table; `fitToLive` decides.
 */
export function capturedTable(own: ManifestTable, versions: readonly ServedVersion[]): ManifestTable {
  const found = versions.flatMap(({ manifest, isRecent }) =>
    manifest.tables
      .filter((table) => relationOf(table) === relationOf(own))
      .map((table) => ({ table, isRecent })),
  )
  const newest = found[0]?.table ?? own
  const recent = found.filter(({ isRecent }) => isRecent).map(({ table }) => table)
  const scopes = [newest, ...recent].flatMap((table) => table.scopes)
  return {
    ...own,
    columns: found.flatMap(({ table }) => table.columns),
    scopes: distinct(scopes, ({ scope, column, through }) => JSON.stringify([scope, column, through])),
  }
}

/** The tables whose rows hang on rows of the table, by any version that counts. */
export function hangingTables(own: ManifestTable, versions: readonly ServedVersion[]): Hanging[] {
  const recent = versions.filter(({ isRecent }, i) => isRecent || i === 0)
  const hanging = recent.flatMap(({ manifest }) => hangingOn(manifest.tables, own))
  return distinct(hanging, ({ table, scope, through, place }) =>
    JSON.stringify([relationOf(table), table.key, scope, through, place]),
  )
}

function distinct<T>(all: readonly T[], nameOf: (one: T) => string): T[] {
  const seen = new Map<string, T>()
  for (const one of all) if (!seen.has(nameOf(one))) seen.set(nameOf(one), one)
  return [...seen.values()]
}

/** Schema and name as one text. */
export function relationOf({ schema, name }: Pick<ManifestTable, 'schema' | 'name'>): string {
  return JSON.stringify([schema, name])
}
