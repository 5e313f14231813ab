/**
 * Plants faults: each waits for the n-th event of its kind from now on, a call of a device's disk, a statement of its
 * engine, a message, a statement of a server, and strikes there once, or from there on until the plan is over.
 *
 * A place holds one fault: a later one takes its place. A device whose storage fails without killing it is noted in
 * `failing`: its calls may be refused then, with coded errors, and nothing else of what is promised is different.
 */
import { LandfallError } from '@landfall/protocol'
import type { DiskCall, DiskFate, Mishap } from '@landfall/testkit'
import type { Fault } from '../story/faults.ts'
import type { Often, Step } from '../plan/plan.ts'
import type { Stage } from './stage.ts'

type StepOf<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>

/** True at the n-th time that it is asked, and at every later one if it is for ever. */
export function countdown(n: number, often: Often): () => boolean {
  let left = n
  return () => --left === 0 || (left < 0 && often === 'for ever')
}

class Killed extends Error {}

export function plantDeath(
  stage: Stage,
  { device: name, death, loss, often = 'once' }: StepOf<'kill engine'>,
  died: () => void,
): void {
  const { device } = stage.actor(name)
  const isDue = countdown(death.n, often)
  const strike = (): void => {
    stage.trace.struck(loss === 'power' ? 'power cut' : `engine killed ${death.moment}`, name)
    stage.clock.after(0, died)
  }
  if (death.at === 'disk')
    device.disk.watch(({ kind }): DiskFate => {
      if (kind === 'read' || kind === 'open' || !isDue()) return 'go'
      strike()
      return `die ${death.moment}`
    })
  else
    device.watch(({ when }) => {
      if (when !== (death.moment === 'before' ? 'before' : 'after') || !isDue()) return
      device.disk.die()
      strike()
      throw new Killed('killed')
    })
}

const KEEPS_ROOM: readonly DiskCall['kind'][] = ['read', 'open', 'delete']

export function plantDiskFailure(stage: Stage, { device: name, fate, n, often }: StepOf<'fail disk'>): void {
  const isDue = countdown(n, often)
  stage.actor(name).device.disk.watch(({ kind }): DiskFate => {
    if (fate === 'full' && KEEPS_ROOM.includes(kind)) return 'go'
    if (!isDue()) return 'go'
    stage.trace.struck(fate === 'full' ? 'quota' : 'disk error', name)
    stage.failing.add(name)
    return fate
  })
}

export function plantQuota(stage: Stage, { device: name, writes }: StepOf<'quota'>): void {
  let left = writes
  stage.trace.struck('quota', name)
  stage.failing.add(name)
  stage.actor(name).device.disk.watch(({ kind }): DiskFate => {
    if (KEEPS_ROOM.includes(kind) || --left < 0) return 'go'
    return 'full'
  })
}

/** ROLLBACK cannot fail in SQLite: whatever its disk does, the transaction is over. */
export function plantStatementFailure(stage: Stage, step: StepOf<'fail statement'>): void {
  const { device: name, code, n, often } = step
  const isDue = countdown(n, often)
  stage.actor(name).device.watch(({ sql, when }) => {
    if (when === 'after' || sql === 'ROLLBACK' || !isDue()) return
    stage.trace.struck('statement failed', name)
    stage.failing.add(name)
    throw new LandfallError(code, { sqlite: { code: 1, message: 'planted' }, sql: sql.slice(0, 300) })
  })
}

/** The network itself counts what strikes. */
export function plantMishap(stage: Stage, { device: name, weather, n, often }: StepOf<'fail message'>): void {
  const isDue = countdown(n, often)
  stage.actor(name).device.watchMessages((path): Mishap | null => {
    if ((path === '/live') !== (weather === 'streamCut')) return null
    return isDue() ? weather : null
  })
}

/** What a weather's mishap is called among the faults. */
export const FAULT_OF_MISHAP: Record<Mishap, Fault> = {
  requestLost: 'request lost',
  responseLost: 'response lost',
  repeated: 'repeated',
  repeatedLate: 'repeated late',
  reordered: 'reordered',
  cutShort: 'cut short',
  corrupted: 'corrupted',
  halfOpen: 'half-open',
  streamCut: 'stream cut',
}
