/**
 * What rows touched more than once held in between, in the columns under constraints.
 *
 * Of each touch after the first the triggers of `capture.ts` kept the moment and what the row held until then. A value
 * that its column cannot hold in Postgres is no step that Postgres would take: it is left out, and the row waits for the next one.
 */
import { encodeKey, LandfallError, type WireValue } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { SqliteDriver } from '../ports.ts'
import { numberIn } from './cells.ts'
import { list, type MirrorTable } from './mirror-table.ts'

/** Values of the constrained columns by name; null: the row was not there. */
export type Held = ReadonlyMap<string, WireValue> | null

/** What a row held until a later touch; `held` undefined: nothing that can be told. */
export type Until = { at: number; held: Held | undefined }

/** By `encodeKey` of the row's key, in the order of the touches. */
export type Between = ReadonlyMap<string, Until[]>

/** `read` answers null when there is nothing to clear. */
export type BetweenReader = { read(): Between | null; clear(): void }

const NOTHING: BetweenReader = { read: () => null, clear: () => undefined }

export function createBetweenReader(driver: SqliteDriver, table: MirrorTable): BetweenReader {
  const { between, key, constrained } = table
  if (constrained.length === 0) return NOTHING
  const read = `SELECT landfall_step, landfall_existed, ${list([...key, ...constrained])}
    FROM ${between} ORDER BY landfall_step`
  return {
    read() {
      const found = driver.prepare(read).all([])
      if (found.length === 0) return null
      const rows = new Map<string, Until[]>()
      for (const [step, existed, ...values] of found) {
        const id = tell(() => encodeKey(key.map(({ codec }, k) => codec.toWire(values[k] ?? null))))
        if (id === undefined) continue
        const until = { at: numberIn(step), held: existed === 1 ? heldIn(table, values) : null }
        const known = rows.get(id)
        if (known === undefined) rows.set(id, [until])
        else known.push(until)
      }
      return rows
    },
    clear: () => driver.exec(`DELETE FROM ${between}`),
  }
}

const heldIn = ({ key, constrained }: MirrorTable, values: SqliteValue[]): Held | undefined =>
  tell(
    () =>
      new Map(constrained.map(({ name, codec }, c) => [name, codec.toWire(values[key.length + c] ?? null)])),
  )

function tell<Told>(encode: () => Told): Told | undefined {
  try {
    return encode()
  } catch (error) {
    if (error instanceof LandfallError) return undefined
    throw error
  }
}
