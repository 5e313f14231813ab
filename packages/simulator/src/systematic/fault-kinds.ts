/** The kinds of faults that are tried at every event of a scenario, each with the step that plants it. */
import type { Mishap } from '@landfall/testkit'
import type { Fault } from '../story/faults.ts'
import type { Death, Loss, Often, PostgresFailure, Step } from '../plan/plan.ts'
import { FAULT_OF_MISHAP } from '../stage/plant.ts'

export type FaultKind = {
  name: string
  /** What is counted under the world's faults when it strikes. */
  fault: Fault
  plant(device: string, n: number): Step
}

const OFTEN: readonly Often[] = ['once', 'for ever']

/** A death after a call has left the same as one before the next, but for what a power cut makes of it. */
const DEATHS: { at: Death['at']; moment: Death['moment']; loss: Loss; often?: Often }[] = [
  { at: 'statement', moment: 'before', loss: 'kill' },
  { at: 'statement', moment: 'before', loss: 'kill', often: 'for ever' },
  { at: 'statement', moment: 'after', loss: 'power' },
  { at: 'disk', moment: 'after', loss: 'kill' },
  { at: 'disk', moment: 'torn', loss: 'kill' },
  { at: 'disk', moment: 'after', loss: 'power' },
  { at: 'disk', moment: 'torn', loss: 'power', often: 'for ever' },
]

const FAULT_OF_FAILURE: Record<PostgresFailure, Fault> = {
  '40001': 'serialization failure',
  '40P01': 'deadlock',
  'connection lost': 'connection lost',
  'process killed': 'server killed inside',
  'commit unknown': 'commit unknown',
  'process killed after commit': 'server killed after',
}

const deaths: FaultKind[] = DEATHS.map(({ at, moment, loss, often = 'once' }) => ({
  name: `${loss === 'power' ? 'power cut' : 'killed'} ${moment} ${at === 'disk' ? 'a disk call' : 'a statement'}, ${often}`,
  fault: loss === 'power' ? 'power cut' : `engine killed ${moment}`,
  plant: (device, n) => ({ kind: 'kill engine', device, death: { at, moment, n }, loss, often }),
}))

const storage: FaultKind[] = OFTEN.flatMap((often) => [
  {
    name: `disk error, ${often}`,
    fault: 'disk error',
    plant: (device, n) => ({ kind: 'fail disk', device, fate: 'fail', n, often }),
  },
  {
    name: `disk full, ${often}`,
    fault: 'quota',
    plant: (device, n) => ({ kind: 'fail disk', device, fate: 'full', n, often }),
  },
  {
    name: `statement fails, ${often}`,
    fault: 'statement failed',
    plant: (device, n) => ({ kind: 'fail statement', device, code: 'storage_full', n, often }),
  },
])

const messages: FaultKind[] = OFTEN.flatMap((often) =>
  Object.entries(FAULT_OF_MISHAP).map(
    ([weather, fault]): FaultKind => ({
      name: `message ${fault}, ${often}`,
      fault,
      plant: (device, n) => ({ kind: 'fail message', device, weather: weather as Mishap, n, often }),
    }),
  ),
)

const postgres: FaultKind[] = OFTEN.flatMap((often) =>
  Object.entries(FAULT_OF_FAILURE).map(
    ([failure, fault]): FaultKind => ({
      name: `postgres: ${failure}, ${often}`,
      fault,
      plant: (_, n) => ({ kind: 'fail postgres', failure: failure as PostgresFailure, n, often }),
    }),
  ),
)

export const FAULT_KINDS: readonly FaultKind[] = [...messages, ...postgres, ...storage, ...deaths]
