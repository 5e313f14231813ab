/**
 * Verify: proof by checksum that a device holds exactly the server's rows, and the rows that repair what differs (P3.3).
 *
 * Each question is about one table, by itself, and exact although the server moves on. The device asks from its cursor
 * C; the server answers from a later snapshot S and names the keys that the change log has between the two
 * (`except`). Every other row of the scopes is the same in C and in S, so both sides leave those keys out and compare
 * the rest; the next pull brings the rows left out in any case. When too many keys have changed to be named, the device
 * pulls first and asks again (`behind`).
 *
 * A row's hash is the first 8 bytes of sha256 of the JSON array of its wire texts in manifest order; a key's hash is
 * the same of its key texts. A sum is that of row hashes modulo 2^64: it knows no order, and rows can be left out. Two
 * different sets of rows have the same count and sum once in 2^64; it finds damage, and is no proof against attacks.
 *
 * Questions narrow: `checksums` of scopes, `buckets` of the scopes that differ (by the leading bits of the key's hash),
 * `hashes` of the rows in the buckets that differ, and `rows` for the keys that do. Those rows are as new as S, like a
 * page of a first load; the pull that follows makes them exact.
 */
import type { ClientId, ScopeKey, UserId } from './brands.ts'
import type { Cursor } from './cursor.ts'
import type { WireColumns } from './value.ts'

export type VerifyRequest = {
  client: ClientId
  cursor: Cursor
  table: string
  /** The scopes the question is about; for `rows` all that the device has. */
  scopes: ScopeKey[]
  ask: VerifyAsk
}

export type VerifyAsk =
  | { kind: 'checksums' }
  /** 2^bits buckets. */
  | { kind: 'buckets'; bits: number }
  | { kind: 'hashes'; bits: number; buckets: number[] }
  /** Columns in key order. */
  | { kind: 'rows'; keys: WireColumns }

export type VerifyResponse =
  | { behind: true }
  | {
      behind: false
      /** Whom the server took the token for. */
      user: UserId
      /** Scopes in the request that are not held now: nothing is said about them. */
      lost: ScopeKey[]
      /** Keys changed since the cursor, columns in key order. Empty for `rows`. */
      except: WireColumns
      answer: VerifyAnswer
    }

export type VerifyAnswer =
  /** Scopes without rows are left out. */
  | { kind: 'checksums'; scopes: (Checksum & { scope: ScopeKey })[] }
  /** Empty buckets are left out. */
  | { kind: 'buckets'; buckets: (Checksum & { bucket: number })[] }
  /** `hashes[r]`: 16 hex digits for the key `keys[c][r]`. */
  | { kind: 'hashes'; keys: WireColumns; hashes: string[] }
  /** The rows that exist of the first `answered` keys asked for, all synced columns in manifest order. */
  | { kind: 'rows'; answered: number; rows: WireColumns }

/** `sum` in decimal digits. */
export type Checksum = { count: number; sum: string }

/** Scopes that one question may name, but `rows`, which names all. */
export const MAX_VERIFY_SCOPES = 1_000
export const MAX_BUCKET_BITS = 12

/** What `verify` found, and repaired. */
export type VerifyReport = {
  /** Nothing differed. */
  ok: boolean
  /** What differed before the repair, by scope and table; empty when all agreed. */
  differences: TableDifference[]
}

/** The rows of one table and scope that differed. */
export type TableDifference = {
  /** null: rows that no scope of this device covers. */
  scope: ScopeKey | null
  /** Its name in Postgres. */
  table: string
  /** How many rows differed; `keys` names the first `MAX_DIFFERENT_KEYS`. */
  count: number
  /** At most 100 of them. */
  keys: DifferentKey[]
}

/** A row that differed. */
export type DifferentKey = {
  /** The primary key's texts, in key order. */
  key: string[]
  /** Seen from the device: a row it lacked, one the server does not have, one with other values. */
  problem: 'missing' | 'extra' | 'different'
}

export const MAX_DIFFERENT_KEYS = 100
