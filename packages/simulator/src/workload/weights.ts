/**
 * How often each kind of work is done, as one table to read and to change, and swarm testing over it.
 *
 * Swarm (Groce et al., "Swarm Testing", ISSTA 2012): each seed leaves out a random half of the kinds. Work of all kinds
 * at once hides what needs many of one kind in a row, or none of another: a queue does not fill up while every
 * fifth step drains it.
 */
import type { SeededRandom } from '@landfall/testkit'
import { sample } from './chance.ts'

export const WEIGHTS = {
  insert: 4,
  insertMany: 2,
  upsert: 4,
  /** `insert or replace`; devices only. */
  replace: 2,
  update: 6,
  updateScope: 1,
  increment: 3,
  delete: 2,
  deleteScope: 0.3,
  /** A delete and an insert of the same key. */
  reinsert: 1,
  /** A new primary key for a row. */
  rekey: 1,
  /** To another scope. */
  move: 2,
  /** A parent and its child, there or gone. */
  family: 2,
  /** An update that changes nothing. */
  noop: 1,
  /** Other work inside a savepoint, kept or undone. */
  savepoint: 1,
  /** A value that the local commit must refuse; devices only. */
  refused: 0.5,
  /** By another program only, and only when it is asked for. */
  truncate: 0,
}

export type Kind = keyof typeof WEIGHTS
export type Weights = { [Name in Kind]: number }

/** Without these nothing would ever be there to work on. */
const CREATING: readonly Kind[] = ['insert', 'insertMany', 'upsert', 'reinsert']

/** The weights with a random half of their kinds switched off; one kind that makes rows stays on. */
export function swarm(weights: Weights, random: SeededRandom): Weights {
  const kinds = kindsOf(weights)
  const off = new Set(sample(kinds, Math.floor(kinds.length / 2), random))
  const creating = kinds.filter((kind) => CREATING.includes(kind))
  if (creating.every((kind) => off.has(kind)))
    for (const kind of sample(creating, 1, random)) off.delete(kind)
  const next = { ...weights }
  for (const kind of off) next[kind] = 0
  return next
}

/** One of the kinds, by its weight; null when all are off. */
export function pickKind(weights: Weights, kinds: readonly Kind[], random: SeededRandom): Kind | null {
  let at = random.number() * kinds.reduce((sum, kind) => sum + weights[kind], 0)
  const on = kinds.filter((kind) => weights[kind] > 0)
  for (const kind of on) {
    at -= weights[kind]
    if (at < 0) return kind
  }
  return on.at(-1) ?? null
}

/** Those that are on. */
export function kindsOf(weights: Weights): Kind[] {
  return (Object.keys(weights) as Kind[]).filter((kind) => weights[kind] > 0)
}
