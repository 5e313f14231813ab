/** Small scenarios over the sample app, for faults at every event: each a few steps in which one promise is at stake. */
import type { SqlParam } from '@landfall/engine'
import { createRandom } from '@landfall/testkit'
import { sampleApp } from '../sample/sample-app.ts'
import type { PlannedDevice, Step } from '../plan/plan.ts'
import type { Scenario } from './systematic.ts'

const ada: PlannedDevice = { name: 'a', user: 'ada', skewMs: 0 }
const ben: PlannedDevice = { name: 'b', user: 'ben', skewMs: 0 }

const TASK = '00000000-0000-4000-9000-000000000001'
const OTHER = '00000000-0000-4000-9000-000000000002'

const pass = (ms: number): Step => ({ kind: 'pass', ms })
const on = (kind: 'offline' | 'online' | 'reopen', { name }: PlannedDevice): Step => ({ kind, device: name })

function write({ name }: PlannedDevice, sql: string, params: SqlParam[] = []): Step {
  return { kind: 'write', device: name, write: { label: null, statements: [{ sql, params }] } }
}

/** The sample app's own transaction: a count, an event and two entries, which rules hold together. */
function work(device: PlannedDevice, nth: number): Step {
  const made = sampleApp.writes?.({ name: device.name, user: device.user, nth }, createRandom(nth))
  return { kind: 'write', device: device.name, write: made ?? { label: null, statements: [] } }
}

const newTask = (id: string, title: string): string =>
  `insert into tasks (id, project_id, title) values ('${id}', 'p1', '${title}')`

const member = (key: string, joins: boolean): Step => ({ kind: 'member', user: 'ada', key, joins })

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'first load',
    devices: [{ ...ada, later: true }],
    preparation: [{ kind: 'foreign', statements: [newTask(TASK, 'one'), newTask(OTHER, 'two')] }],
    steps: [on('reopen', ada), pass(4_000)],
  },
  { name: 'one write', devices: [ada], preparation: [pass(1_000)], steps: [work(ada, 1), pass(4_000)] },
  {
    name: 'conflict',
    devices: [ada, ben],
    preparation: [write(ada, newTask(TASK, 'one')), pass(2_000), on('offline', ada), on('offline', ben)],
    steps: [
      write(ada, `update tasks set title = 'of a', votes = votes + 2, body = 'a' where id = ?`, [TASK]),
      pass(50),
      write(ben, `update tasks set title = 'of b', votes = votes + 3, body = 'b' where id = ?`, [TASK]),
      on('online', ben),
      pass(2_000),
      on('online', ada),
      pass(4_000),
    ],
  },
  {
    name: 'rejection',
    devices: [ada],
    preparation: [pass(1_000), on('offline', ada), work(ada, 1)],
    steps: [write(ada, newTask(TASK, 'forbidden')), work(ada, 2), on('online', ada), pass(4_000)],
  },
  {
    name: 'membership',
    devices: [ada],
    preparation: [pass(1_000)],
    steps: [member('p3', true), pass(2_000), member('p2', false), work(ada, 1), pass(4_000)],
  },
  {
    name: 'upgrade',
    devices: [ada],
    preparation: [pass(1_000), on('offline', ada), write(ada, newTask(TASK, 'one')), work(ada, 1)],
    steps: [{ kind: 'upgrade' }, on('reopen', ada), on('online', ada), pass(4_000)],
  },
  {
    name: 'restart',
    devices: [ada],
    preparation: [pass(1_000), on('offline', ada), write(ada, newTask(TASK, 'one')), work(ada, 1)],
    steps: [on('reopen', ada), work(ada, 2), on('online', ada), pass(4_000)],
  },
  {
    name: 'restore',
    devices: [ada],
    preparation: [
      work(ada, 1),
      pass(2_000),
      { kind: 'back up' },
      write(ada, newTask(TASK, 'gone')),
      pass(2_000),
    ],
    steps: [{ kind: 'restore' }, write(ada, newTask(OTHER, 'new')), pass(6_000)],
  },
]
