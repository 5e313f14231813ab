/** The stated limits of one server (P10): what a request, a response and a user may use. Each can be set. */

export type Limits = {
  /** Bytes of a request body on the wire and inflated. */
  bodyBytes: number
  inflatedBytes: number
  /** Rows in one push, and changesets in it. */
  pushRows: number
  pushChangesets: number
  /** A push that is still at work after this time is cut off: its front is committed, the client sends the rest again. */
  pushMs: number
  /** Changed keys in one pull; a client further behind loads its scopes again (`history_lost`). */
  pullKeys: number
  /** Rows and (about) bytes of one page of a first load. */
  pageRows: number
  pageBytes: number
  /** Keys that one answer to `verify` leaves out since they have changed; beyond it the client pulls first. */
  verifyKeys: number
  /** Rows whose hashes, or which themselves, one answer to `verify` carries. */
  verifyRows: number
  /** Questions of `verify` under way per user and process: each reads its table's rows of the scopes. */
  verifiesPerUser: number
  /** Scopes a user may hold or a request may name. */
  scopes: number
  /** Requests a user may make at once, and per second thereafter. */
  rateBurst: number
  ratePerSecond: number
  /** Open streams per user and per process. */
  streamsPerUser: number
  streams: number
  /** A stream is closed after this time, so that its token is checked again. */
  streamMs: number
}

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 16 << 20,
  inflatedBytes: 64 << 20,
  pushRows: 50_000,
  pushChangesets: 5_000,
  pushMs: 2_000,
  pullKeys: 50_000,
  pageRows: 10_000,
  pageBytes: 4 << 20,
  verifyKeys: 5_000,
  verifyRows: 10_000,
  verifiesPerUser: 2,
  scopes: 10_000,
  rateBurst: 200,
  ratePerSecond: 50,
  streamsPerUser: 20,
  streams: 20_000,
  streamMs: 15 * 60_000,
}
