/**
 * Ids and quantities that must not be mixed up, as branded types.
 *
 * A brand is made once, where a value enters (a message, a row, a random id), and trusted inside.
 * This module knows nothing of where the values come from.
 */
declare const brand: unique symbol
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }

/** One stored local database, for its whole life: a random UUID made when the file was created. */
export type ClientId = Brand<string, 'ClientId'>
/** Position of a changeset in its client's order: 1, 2, 3, ... */
export type ChangesetNumber = Brand<number, 'ChangesetNumber'>
/** Who is signed in, as the app's `authenticate` names them. */
export type UserId = Brand<string, 'UserId'>
/** Proof that a cursor belongs to the history Postgres has now; see `cursor.ts`. */
export type HistoryId = Brand<string, 'HistoryId'>
/** A Postgres snapshot in its text form `xmin:xmax:xip,xip`. */
export type SnapshotText = Brand<string, 'SnapshotText'>
/** A scope with its key, such as `project:7`; see `scope.ts`. */
export type ScopeKey = Brand<string, 'ScopeKey'>
/** Hybrid logical clock stamp: milliseconds since 1970 times 65,536 plus a counter; see `hlc.ts`. */
export type Hlc = Brand<bigint, 'Hlc'>

export const clientId = (text: string): ClientId => text as ClientId
export const changesetNumber = (value: number): ChangesetNumber => value as ChangesetNumber
export const userId = (text: string): UserId => text as UserId
export const historyId = (text: string): HistoryId => text as HistoryId
export const snapshotText = (text: string): SnapshotText => text as SnapshotText
export const hlc = (value: bigint): Hlc => value as Hlc
