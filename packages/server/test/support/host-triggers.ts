/** Triggers of the host, for as long as a test needs them. */
import type { PushWorld } from './push-world.ts'

export type HostTrigger = {
  /** `BEFORE INSERT` */
  time: string
  /** PL/pgSQL between BEGIN and END. */
  body: string
  /** `items` unless told. */
  table?: string
}

export async function hostTrigger(
  { run }: Pick<PushWorld, 'run'>,
  { time, body, table = 'items' }: HostTrigger,
  during: () => Promise<void>,
): Promise<void> {
  await run(
    `CREATE OR REPLACE FUNCTION host_rule() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$`,
  )
  await run(`CREATE TRIGGER host_rule ${time} ON ${table} FOR EACH ROW EXECUTE FUNCTION host_rule()`)
  try {
    await during()
  } finally {
    await run(`DROP TRIGGER host_rule ON ${table}`)
  }
}
