/** Hashes and sums of `verify`, as `protocol/src/verify.ts` defines them. */
import { sha256 } from '@noble/hashes/sha2.js'
import type { Checksum, WireRow } from '@landfall/protocol'

const encoder = new TextEncoder()

/** The first eight bytes as a number. */
export function hashTexts(texts: WireRow): bigint {
  const digest = sha256(encoder.encode(JSON.stringify(texts)))
  return new DataView(digest.buffer, digest.byteOffset).getBigUint64(0)
}

export const hexOf = (hash: bigint): string => hash.toString(16).padStart(16, '0')

/** The leading bits, 16 at most. */
export const bucketOf = (keyHash: bigint, bits: number): number => Number(keyHash >> 48n) >> (16 - bits)

export type Sum = { count: number; sum: bigint }

/** Adds a hash to the sum under the key. */
export function addTo<Key>(sums: Map<Key, Sum>, key: Key, hash: bigint): void {
  const before = sums.get(key) ?? { count: 0, sum: 0n }
  sums.set(key, { count: before.count + 1, sum: BigInt.asUintN(64, before.sum + hash) })
}

/** `undefined`: no rows. */
export function sameSum(local: Sum | undefined, server: Checksum | undefined): boolean {
  return (local?.count ?? 0) === (server?.count ?? 0) && (local?.sum ?? 0n) === BigInt(server?.sum ?? 0)
}
