/** The status in words: pure functions of it and of the time. */
import type { LandfallStatus } from '@landfall/client'
import { CATALOGUE, type ErrorData, isErrorCode } from '@landfall/protocol'

/** How things stand, for the badge's colour. */
export type Tone = 'good' | 'busy' | 'waiting' | 'problem'

/** How things stand: `waiting` when nothing is wrong and nothing is sent, `problem` when a person is needed. */
export function toneOf({ phase, error, outbox, leader }: LandfallStatus): Tone {
  if (phase === 'stopped' || (error !== null && phase === 'synced')) return 'problem'
  if (!leader || phase === 'offline' || phase === 'paused') return 'waiting'
  return phase === 'synced' && outbox === 0 ? 'good' : 'busy'
}

/** A few words for the badge itself. */
export function headlineOf({ phase, outbox, leader, error }: LandfallStatus): string {
  if (!leader) return error === null || error.code === 'database_in_use' ? 'Open in another tab' : 'Not open'
  const unsent = outbox === 0 ? '' : ` · ${outbox} unsent`
  switch (phase) {
    case 'opening':
      return 'Opening'
    case 'loading':
      return `Loading${unsent}`
    case 'syncing':
    case 'synced':
      return outbox === 0 ? 'In step' : `Syncing · ${outbox} unsent`
    case 'offline':
      return `Offline${unsent}`
    case 'paused':
      return `Paused${unsent}`
    case 'stopped':
      return error?.code === 'unauthenticated' ? `Signed out${unsent}` : `Stopped${unsent}`
  }
}

/** How many changes this device keeps that the server has not, in a sentence. */
export function unsentText({ outbox }: LandfallStatus): string {
  if (outbox === 0) return 'Everything is sent'
  return outbox === 1
    ? '1 change is kept here and not sent yet'
    : `${outbox} changes are kept here and not sent yet`
}

/** How old the data is, in a sentence; `now` in milliseconds since 1970. */
export function lastSyncedText({ lastSyncedAt }: LandfallStatus, now: number): string {
  if (lastSyncedAt === null) return 'Never in step with the server yet'
  return `Last in step ${agoText(now - lastSyncedAt)}`
}

/** A duration in milliseconds in words: `just now` below 10 s, then seconds, minutes, hours, and days from 48 hours on. */
export function agoText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 10) return 'just now'
  if (seconds < 60) return `${seconds} seconds ago`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return minutes === 1 ? 'a minute ago' : `${minutes} minutes ago`
  const hours = Math.round(minutes / 60)
  if (hours < 48) return hours === 1 ? 'an hour ago' : `${hours} hours ago`
  return `${Math.round(hours / 24)} days ago`
}

/** What is wrong, for the person who works with the app; what points to an error's details is for its developers. */
export function errorText({ code }: Pick<ErrorData, 'code'>): string {
  const { message } = CATALOGUE[isErrorCode(code) ? code : 'internal'] // a newer server may know more codes
  const sentences = message.split(/(?<=\.) /)
  return sentences.filter((sentence) => !/\bdetails\b/.test(sentence)).join(' ')
}

/** Where the data lies and whether the browser may delete it, in a sentence. */
export function storageText({ storage: { kind, persisted } }: LandfallStatus): string {
  if (kind === 'memory') return 'In memory only: gone when this closes'
  if (kind === 'file') return 'In a file on this device'
  return persisted
    ? 'On this device, kept until you delete it'
    : 'On this device; the browser may delete it when space runs out'
}
