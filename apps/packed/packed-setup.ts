/** Vitest's global setup: packs the built packages once, and starts the real Postgres. */
import type { TestProject } from 'vitest/node'
import { sharePostgres } from '@landfall/tools/postgres'
import { packAll } from './support/pack.ts'

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const packed = packAll()
  provide('tarballs', packed.tarballs)
  const shared = await sharePostgres()
  console.log(shared.description)
  return async () => {
    packed.remove()
    await shared.release()
  }
}

declare module 'vitest' {
  export interface ProvidedContext {
    tarballs: { [name: string]: string }
  }
}
