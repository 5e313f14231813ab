/** The three questions that are answered by hashes: sums of whole scopes, of buckets, and of single rows. */
import {
  LandfallError,
  type ManifestTable,
  type ScopeKey,
  type VerifyAnswer,
  type WireColumns,
} from '@landfall/protocol'
import type { Tx } from '../database/database.ts'
import { type Bind, createBinder } from '../sql/row-columns.ts'
import { hashedRows, SUM } from './checksum-sql.ts'

export type Asked = {
  table: ManifestTable
  /** Held, and asked about. */
  scopes: readonly ScopeKey[]
  /** JSON of the keys left out. */
  except: string
  /** Rows whose hashes one answer carries. */
  limit: number
}

export async function readChecksums(tx: Tx, asked: Asked): Promise<VerifyAnswer> {
  const { params, bind } = createBinder()
  const hashed = hashedRows(asked.table, { ...asked, bits: 0 }, bind)
  if (hashed === '') return { kind: 'checksums', scopes: [] }
  const rows = await tx.query(
    `SELECT scope, count(*)::text AS count, ${SUM} AS sum FROM (${hashed}) AS hashed GROUP BY scope`,
    params,
  )
  const scopes = rows.map((row) => ({ scope: row['scope'] as ScopeKey, ...checksumOf(row) }))
  return { kind: 'checksums', scopes }
}

export async function readBuckets(tx: Tx, bits: number, asked: Asked): Promise<VerifyAnswer> {
  const { params, bind } = createBinder()
  const hashed = hashedRows(asked.table, { ...asked, bits }, bind)
  if (hashed === '') return { kind: 'buckets', buckets: [] }
  const rows = await tx.query(
    `SELECT bucket::text AS bucket, count(*)::text AS count, ${SUM} AS sum
     FROM (${hashed}) AS hashed
     GROUP BY bucket`,
    params,
  )
  return {
    kind: 'buckets',
    buckets: rows.map((row) => ({ bucket: Number(row['bucket']), ...checksumOf(row) })),
  }
}

type Buckets = { bits: number; buckets: readonly number[] }

export async function readHashes(tx: Tx, { bits, buckets }: Buckets, asked: Asked): Promise<VerifyAnswer> {
  const { params, bind } = createBinder()
  const hashed = hashedRows(asked.table, { ...asked, bits }, bind)
  const none = asked.table.key.map(() => [])
  if (hashed === '') return { kind: 'hashes', keys: none, hashes: [] }
  const [row] = await tx.query(hashesSql(asked, { hashed, buckets, bind }), params)
  const keys = JSON.parse(row?.['keys'] ?? '[]') as WireColumns
  const hashes = JSON.parse(row?.['hashes'] ?? '[]') as string[]
  if (hashes.length > asked.limit)
    throw new LandfallError('too_large', { what: 'hashes', limit: asked.limit })
  return { kind: 'hashes', keys, hashes }
}

function hashesSql(
  { table, limit }: Asked,
  { hashed, buckets, bind }: { hashed: string; buckets: readonly number[]; bind: Bind },
): string {
  const keys = table.key.map((_, i) => `coalesce(json_agg(k${i}), '[]')`)
  return `
    SELECT
      to_json(ARRAY[${keys.join(', ')}]::json[])::text            AS keys,
      coalesce(json_agg(encode(row_hash, 'hex')), '[]')::text     AS hashes
    FROM (
      SELECT * FROM (${hashed}) AS hashed
      WHERE bucket = ANY (${bind(buckets.map(String))}::int[])
      LIMIT ${limit + 1}
    ) AS found`
}

function checksumOf(row: { [column: string]: string | null }): { count: number; sum: string } {
  return { count: Number(row['count']), sum: row['sum'] ?? '0' }
}
