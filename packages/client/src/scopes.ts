/** `db.scopes`: a scope's state as the status has it, and the calls that load a scope on demand. */
import type { EngineStatus, ScopesApi } from '@landfall/engine'
import { encodeScopeKey } from '@landfall/protocol'

/** `none`: not held (yet). `loading`: rows are missing. `ready`: complete, empty means empty. */
export type ScopeStatus = 'none' | 'loading' | 'ready'

/** What is known of scopes on this device. */
export type Scopes = ScopesApi & {
  /** The scope of this name and key, as of the last status; scopes without a key, such as `public`, need none. */
  status(scope: string, key?: string): ScopeStatus
}

export function scopesOf(api: ScopesApi, status: () => EngineStatus): Scopes {
  return {
    subscribe: (scope, key) => api.subscribe(scope, key),
    unsubscribe: (scope, key) => api.unsubscribe(scope, key),
    status(scope, key = '') {
      const name = encodeScopeKey(scope, key)
      const found = status().scopes.find((held) => held.scope === name)
      if (found === undefined) return 'none'
      return found.ready ? 'ready' : 'loading'
    },
  }
}
