import type { LandfallStatus } from '@landfall/client'
import { expect, test } from 'vitest'
import { CATALOGUE, isErrorCode, LandfallError } from '@landfall/protocol'
import {
  agoText,
  errorText,
  headlineOf,
  lastSyncedText,
  storageText,
  toneOf,
  unsentText,
} from '../src/status-text.ts'

const STATUS: LandfallStatus = {
  phase: 'synced',
  outbox: 0,
  rejections: 0,
  conflicts: 0,
  deferred: 0,
  deferral: null,
  lastSyncedAt: 1_000_000,
  storage: { kind: 'opfs', persisted: true },
  leader: true,
  scopes: [],
  uncaptured: [],
  user: 'ada',
  error: null,
}
const error = (
  code: 'offline' | 'unauthenticated' | 'schema_mismatch' | 'server_error' | 'database_in_use',
) => ({
  code,
  message: code,
  details: {},
})

const cases: [Partial<LandfallStatus>, string, string][] = [
  [{}, 'In step', 'good'],
  [{ phase: 'syncing' }, 'In step', 'busy'],
  [{ outbox: 3 }, 'Syncing · 3 unsent', 'busy'],
  [{ phase: 'loading', outbox: 1 }, 'Loading · 1 unsent', 'busy'],
  [{ phase: 'offline', error: error('offline') }, 'Offline', 'waiting'],
  [{ phase: 'offline', outbox: 2, error: error('offline') }, 'Offline · 2 unsent', 'waiting'],
  [{ phase: 'paused', outbox: 2 }, 'Paused · 2 unsent', 'waiting'],
  [{ phase: 'stopped', outbox: 2, error: error('unauthenticated') }, 'Signed out · 2 unsent', 'problem'],
  [{ phase: 'stopped', error: error('schema_mismatch') }, 'Stopped', 'problem'],
  [{ phase: 'synced', outbox: 1, error: error('server_error') }, 'Syncing · 1 unsent', 'problem'],
  [{ leader: false, phase: 'opening', error: error('database_in_use') }, 'Open in another tab', 'waiting'],
]
test.each(cases)('[P12.2] %o is said as "%s" in the tone %s', (changes, headline, tone) => {
  const status = { ...STATUS, ...changes }
  expect([headlineOf(status), toneOf(status)]).toEqual([headline, tone])
})

test('[P12.2] the badge says in words what is unsent, when the device was last in step, and where the data is', () => {
  expect(unsentText(STATUS)).toBe('Everything is sent')
  expect(unsentText({ ...STATUS, outbox: 1 })).toMatch(/^1 change /)
  expect(lastSyncedText({ ...STATUS, lastSyncedAt: null }, 0)).toBe('Never in step with the server yet')
  expect(lastSyncedText(STATUS, 1_000_000)).toBe('Last in step just now')
  expect(storageText(STATUS)).toContain('kept until you delete it')
  expect(storageText({ ...STATUS, storage: { kind: 'opfs', persisted: false } })).toContain('may delete it')
  expect(storageText({ ...STATUS, storage: { kind: 'memory', persisted: false } })).toContain('gone')
})

test('[P12.2] the badge says an error in plain words, without its code and details', () => {
  const lost = new LandfallError('server_error', { id: 'log-7' })
  expect(errorText(lost)).toBe('The server failed.')
  for (const code of Object.keys(CATALOGUE).filter(isErrorCode)) {
    expect(errorText({ code })).toMatch(/^\w(?!.*(details|[{}_])).*\.$/)
  }
})

const ages: [number, string][] = [
  [-5_000, 'just now'],
  [30_000, '30 seconds ago'],
  [60_000, 'a minute ago'],
  [20 * 60_000, '20 minutes ago'],
  [60 * 60_000, 'an hour ago'],
  [5 * 3_600_000, '5 hours ago'],
  [72 * 3_600_000, '3 days ago'],
]
test.each(ages)('[P12.2] %i ms is "%s"', (ms, text) => {
  expect(agoText(ms)).toBe(text)
})
