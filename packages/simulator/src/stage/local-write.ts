/**
 * A device's transaction, and what its app is told: an acknowledgement (then it has to stay), or a refusal, which has to
 * be coded, deserved, and without a trace.
 *
 * Deserved is what the plan has made refusable, and whatever storage could not take while it was being failed. A device
 * that dies under its transaction tells nobody anything.
 */
import { LandfallError } from '@landfall/protocol'
import type { LocalStep } from '../workload/local.ts'
import type { Actor, Stage } from './stage.ts'

const SHOWN = 200

export async function writeLocally(stage: Stage, name: string, write: LocalStep): Promise<void> {
  const actor = stage.actor(name)
  const { device } = actor
  if (!device.alive) return
  const sql = write.statements.map((statement) => statement.sql).join('; ')
  stage.trace.tell(name, 'writes', sql.slice(0, SHOWN))
  const before = nextNumber(actor)
  let isOpen = true
  const told = device.engine.sql
    .batch(
      write.statements.map((statement) => [statement.sql, statement.params]),
      write.label,
    )
    .then(
      () => accepted(stage, actor, { write, before }),
      (error: unknown) => refused(stage, actor, { write, error, before }),
    )
    .finally(() => (isOpen = false))
  told.catch((error: unknown) => stage.trace.violated('P12', name, String(error)))
  await stage.still()
  // A transaction of one crossing waits for nothing but those before it.
  if (isOpen && device.alive) await stage.pass(1)
}

function accepted(
  stage: Stage,
  { device, watch }: Actor,
  { write, before }: Pick<Refusal, 'write' | 'before'>,
): void {
  if (!device.alive) return
  const { refused: isInvalid, changes, statements } = write
  if (changes && before === nextNumber({ device }))
    stage.trace.violated('P1', device.name, 'a transaction was acknowledged and is in no changeset')
  if (isInvalid)
    stage.trace.violated('P13', device.name, `took what no column can hold: ${statements.at(-1)?.sql}`)
  watch.acknowledged()
}

type Refusal = { write: LocalStep; error: unknown; before: unknown }

function refused(stage: Stage, actor: Actor, { write, error, before }: Refusal): void {
  const { device } = actor
  if (!device.alive) return
  const code = error instanceof LandfallError ? error.code : String(error)
  stage.trace.tell(device.name, 'was refused', code)
  const isDeserved = write.refused || (stage.failing.has(device.name) && code.startsWith('storage_'))
  if (!isDeserved)
    stage.trace.violated(
      'P12',
      device.name,
      `a valid transaction was refused: ${String(error).slice(0, 300)}`,
    )
  if (before !== nextNumber(actor))
    stage.trace.violated('P1', device.name, 'a refused transaction left its number behind')
}

const nextNumber = ({ device }: Pick<Actor, 'device'>): unknown =>
  device.driver.prepare('SELECT next_number FROM landfall_state').all([])[0]?.[0]
