/**
 * An `EngineApi` over a port: the page's half of `engine-host.ts`. Comlink stays in here.
 *
 * Only the engine's side knows which calls a part has. Here each property of a part is a call of that name, so a new call
 * is written once, in the engine.
 */
import type { EngineApi } from '@landfall/engine'
import { LandfallError } from '@landfall/protocol'
import { wrap } from 'comlink'
import type { Calls } from './calls.ts'
import type { EnginePart, HostApi } from './messages.ts'
import { valueOf } from './outcome.ts'

export type RemoteHost = ReturnType<typeof wrap<HostApi>>

export const remoteHost = (port: MessagePort): RemoteHost => wrap<HostApi>(port)

export function remoteEngine(host: RemoteHost, calls: Calls): EngineApi {
  const part = <Part extends EnginePart>(name: Part): EngineApi[Part] => {
    const remote =
      (method: string) =>
      async (...args: unknown[]) =>
        valueOf(await calls.run(async () => host.call([name, method], args).catch(refuseUncloneable)))
    // What is not the engine's is answered by its host, with a code. A part is no promise: `then` is no call.
    return new Proxy({} as EngineApi[Part], {
      get: (_, method) => (typeof method === 'string' && method !== 'then' ? remote(method) : undefined),
    })
  }
  return {
    sql: part('sql'),
    sync: part('sync'),
    verify: part('verify'),
    conflicts: part('conflicts'),
    rejections: part('rejections'),
    scopes: part('scopes'),
    file: part('file'),
    status: part('status'),
  }
}

/** Only plain values cross to the worker; a function or a DOM node among the arguments does not. */
function refuseUncloneable(error: unknown): never {
  const cause = error instanceof Error ? error.message : String(error)
  throw new LandfallError('argument_invalid', {
    cause,
    cure: 'Pass plain values: text, numbers, bytes, null.',
  })
}
