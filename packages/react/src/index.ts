/** The public surface of @landfall/react. */
export { type AnyLandfall, LandfallProvider, type LandfallProviderProps, useLandfall } from './context.tsx'
export { SyncBadge } from './SyncBadge.tsx'
export {
  agoText,
  errorText,
  headlineOf,
  lastSyncedText,
  storageText,
  type Tone,
  toneOf,
  unsentText,
} from './status-text.ts'
export { type LiveRows, useLive } from './use-live.ts'
export { useStatus } from './use-status.ts'
