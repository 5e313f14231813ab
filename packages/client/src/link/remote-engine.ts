/**
 * An `EngineApi` over a port: the page's half of `engine-host.ts`. Comlink stays in here.
 */
import type { EngineApi } from '@landfall/engine'
import { LandfallError } from '@landfall/protocol'
import { wrap } from 'comlink'
import type { Calls } from './calls.ts'
import type { EngineMethod, HostApi } from './messages.ts'
import { valueOf } from './outcome.ts'

const METHODS = {
  query: true,
  batch: true,
  begin: true,
  commit: true,
  rollback: true,
  live: true,
  unlive: true,
  syncNow: true,
  pause: true,
  resume: true,
  settled: true,
  verify: true,
  conflicts: true,
  discardConflict: true,
  rejections: true,
  discardRejection: true,
  status: true,
  exportFile: true,
  close: true,
  wipe: true,
} as const satisfies Record<EngineMethod, true>

export type RemoteHost = ReturnType<typeof wrap<HostApi>>

export const remoteHost = (port: MessagePort): RemoteHost => wrap<HostApi>(port)

export function remoteEngine(host: RemoteHost, calls: Calls): EngineApi {
  const call = async (method: EngineMethod, args: unknown[]): Promise<unknown> => {
    const outcome = await calls.run(async () => host.call(method, args).catch(refuseUncloneable))
    return valueOf(outcome)
  }
  const entries = Object.keys(METHODS).map((name) => {
    const method = name as EngineMethod
    return [method, (...args: unknown[]) => call(method, args)] as const
  })
  return Object.fromEntries(entries) as unknown as EngineApi // one entry per method of the type, by METHODS
}

/** Only plain values cross to the worker; a function or a DOM node among the parameters does not. */
function refuseUncloneable(error: unknown): never {
  const cause = error instanceof Error ? error.message : String(error)
  throw new LandfallError('value_invalid', { cause })
}
