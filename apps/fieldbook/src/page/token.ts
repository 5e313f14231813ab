/**
 * The demo's tokens: asked for when sync needs one, and remembered until shortly before they expire.
 *
 * Without a network there is no token and none is needed: the local database opens without.
 */
import { now } from './platform.ts'

const SPARE_MS = 60_000
const held = new Map<string, { token: string; expires: number }>()

export async function fetchToken(handle: string): Promise<string | null> {
  const kept = held.get(handle)
  if (kept !== undefined && kept.expires - SPARE_MS > now()) return kept.token
  const response = await fetch('/demo/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: handle }),
  })
  if (response.status === 404) return null
  if (!response.ok) throw new Error(`sign-in answered ${response.status}`)
  const { token } = (await response.json()) as { token: string }
  held.set(handle, { token, expires: expiryOf(token) })
  return token
}

/** The `exp` of a JWT in milliseconds; the page does not verify it, the server does. */
function expiryOf(token: string): number {
  const payload = token.split('.')[1] ?? ''
  const claims = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))) as { exp?: number }
  return (claims.exp ?? 0) * 1000
}
