/** The stated limits of one server (P10): what a request, a response and a user may use. Each can be set. */

export type Limits = {
  /** Bytes of a request body on the wire; beyond it `too_large`, and the client sends less at a time. */
  bodyBytes: number
  /** Bytes of a request body once it is inflated. */
  inflatedBytes: number
  /** Changed rows in one push. A device refuses a transaction of more than 50,000 rows or 12 MB itself. */
  pushRows: number
  /** Transactions of one device in one push. */
  pushChangesets: number
  /** Milliseconds after which a push is cut off: its front is committed, the client sends the rest again. */
  pushMs: number
  /** How often a changeset that fails through no fault of its own is tried before it is rejected. */
  pushTries: number
  /** Changed keys in one pull; a client further behind loads its scopes again (`history_lost`). */
  pullKeys: number
  /** Rows of one page of a first load. */
  pageRows: number
  /** Bytes of one page of a first load, about. */
  pageBytes: number
  /** Keys that one answer to `verify` leaves out since they have changed; beyond it the client pulls first. */
  verifyKeys: number
  /** Rows whose hashes, or which themselves, one answer to `verify` carries. */
  verifyRows: number
  /** Questions of `verify` under way per user and process: each reads its table's rows of the scopes. */
  verifiesPerUser: number
  /**
   * The same of all users: each holds a connection, and after a gap every device asks. The others are asked to come
   * later, so that pulls have the rest of the connections (10, unless `openDatabase` was told).
   */
  verifies: number
  /** Scopes a user may hold or a request may name. */
  scopes: number
  /** Requests a user may make at once, per process; beyond it `rate_limited`. */
  rateBurst: number
  /** Requests that a user may make anew with each second. */
  ratePerSecond: number
  /** Open streams of one user, per process; each device has one. */
  streamsPerUser: number
  /** Open streams of all users, per process; about 30 KiB each. */
  streams: number
  /** Milliseconds after which a stream is closed, so that its token is checked again. */
  streamMs: number
}

/** What holds where `limits` says nothing. */
export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 16 << 20,
  inflatedBytes: 64 << 20,
  pushRows: 50_000,
  pushChangesets: 5_000,
  pushMs: 2_000,
  pushTries: 20,
  pullKeys: 50_000,
  pageRows: 10_000,
  pageBytes: 4 << 20,
  verifyKeys: 5_000,
  verifyRows: 10_000,
  verifiesPerUser: 2,
  verifies: 2,
  scopes: 10_000,
  rateBurst: 200,
  ratePerSecond: 50,
  streamsPerUser: 20,
  streams: 20_000,
  streamMs: 15 * 60_000,
}
