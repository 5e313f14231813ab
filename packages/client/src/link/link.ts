/** A way to an engine, wherever it runs: its calls, its events, and the end of both. */
import type { EngineApi, EngineListener, Signal } from '@landfall/engine'

export type EngineLink = {
  api: EngineApi
  /** Sets the one listener of engine events. */
  listen(listener: EngineListener): void
  /** Passes on what only the page sees. */
  signal(signal: Signal): void
  /** Lets go of the worker and its locks; calls fail with `database_closed` from now on. */
  end(): void
}
