/** The public surface of @landfall/react. The directive lets frameworks that render on a server (Next) import it anywhere. */
'use client'

export { type AnyLandfall, useLandfall } from './context.tsx'
export { LandfallProvider, type LandfallProviderProps } from './LandfallProvider.tsx'
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
export { type LiveRows, useLive, useLiveSuspense } from './use-live.ts'
export { useStatus } from './use-status.ts'
