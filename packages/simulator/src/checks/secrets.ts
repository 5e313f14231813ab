/**
 * P4 byte by byte: no answer holds a text that stands only in rows which its user may not see.
 *
 * Searched is all of an answer but what may rightly be old: the keys of rows that have just left the user's scopes, and
 * conflict records, whose values are from the time when their row was in one of them. What the device itself has sent it
 * may be told again: a refusal names the row. Short texts stand anywhere by chance, so only those of twelve characters
 * and more count.
 */
import type { SyncResponse } from '@landfall/protocol'
import { scopesOfRow, type Truth } from './truth.ts'
import type { Finding } from './snapshot-equality.ts'

const LEAST = 12

/** Whose answer it is, and all that its device has ever sent. */
export type Reader = { user: string; sent: string }

export function judgeSyncBytes(response: SyncResponse, truth: Truth, reader: Reader): Finding[] {
  const pull = response.pull?.ok ? response.pull.value : null
  if (pull === null) return []
  const tables = pull.tables.map((patch) => ({ ...patch, removed: [] }))
  const searched = { push: response.push, pull: { ...pull, tables, conflicts: [] } }
  return judgeBytes(JSON.stringify(searched), truth, reader)
}

export function judgeBytes(body: string, truth: Truth, { user, sent }: Reader): Finding[] {
  return secretsOf(truth, user)
    .filter(({ text }) => body.includes(text) && !sent.includes(text))
    .map(({ text, table }) => ({
      promise: 'P4',
      what: `${user} was sent "${text.slice(0, 40)}" of ${table}`,
    }))
}

type Secret = { table: string; text: string }

const known = new WeakMap<Truth, Map<string, Secret[]>>()

function secretsOf(truth: Truth, user: string): Secret[] {
  const byUser = known.get(truth) ?? new Map<string, Secret[]>()
  known.set(truth, byUser)
  const found = byUser.get(user) ?? findSecrets(truth, user)
  byUser.set(user, found)
  return found
}

function findSecrets(truth: Truth, user: string): Secret[] {
  const held = truth.held.get(user) ?? new Set()
  const secrets: Secret[] = []
  let open = ''
  for (const [name, { table, rows }] of truth.rows) {
    for (const row of rows.values()) {
      const isHeld = scopesOfRow(table, row).some((scope) => held.has(scope))
      const texts = row.flatMap((value) => (value === null ? [] : JSON.stringify(value).slice(1, -1)))
      if (isHeld) open += `${texts.join('\n')}\n`
      else secrets.push(...texts.map((text) => ({ table: name, text })))
    }
  }
  return secrets.filter(({ text }) => text.length >= LEAST && !open.includes(text))
}
