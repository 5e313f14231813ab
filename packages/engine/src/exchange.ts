/**
 * One sync round trip, with the outbox's front cut to a size that the server takes.
 *
 * The server's limits are its own, so they are found out: a push that is too large is halved and sent again in the
 * same turn, with the same cursor; nothing of the refused try is applied. One changeset that is too large by itself
 * is named as the push's error, and the pull travels without it (P8).
 */
import { encodeError, LandfallError, type SyncResponse } from '@landfall/protocol'
import type { OutboxLimits, Store } from './store.ts'
import { pullRequest, pushRequest } from './sync-messages.ts'
import type { Transport } from './transport/transport.ts'

const MOST: OutboxLimits = { changesets: 1_000, bytes: 4 << 20 }

export type Exchange = (push: boolean, signal: AbortSignal) => Promise<SyncResponse>

export function createExchange(store: Store, transport: Transport): Exchange {
  let limits = MOST

  async function attempt(
    push: boolean,
    signal: AbortSignal,
  ): Promise<{ sent: number; response: SyncResponse }> {
    const state = store.syncState()
    const changesets = push ? store.readOutbox(limits) : []
    const message = { push: pushRequest(state, changesets), pull: pullRequest(state) }
    try {
      return { sent: changesets.length, response: await transport.sync(message, signal) }
    } catch (error) {
      if (!(error instanceof LandfallError) || error.code !== 'too_large' || changesets.length === 0)
        throw error
      return {
        sent: changesets.length,
        response: { push: { ok: false, error: encodeError(error) }, pull: null },
      }
    }
  }

  return async function exchange(push, signal) {
    for (;;) {
      const { sent, response } = await attempt(push, signal)
      if (response.push === null || response.push.ok) {
        if (push) limits = larger(limits)
        return response
      }
      if (response.push.error.code === 'too_large' && sent > 1) {
        limits = { changesets: Math.ceil(sent / 2), bytes: Math.ceil(limits.bytes / 2) }
        continue
      }
      if (response.pull !== null) return response
      const { response: pulled } = await attempt(false, signal)
      return { push: response.push, pull: pulled.pull }
    }
  }
}

function larger({ changesets, bytes }: OutboxLimits): OutboxLimits {
  return { changesets: Math.min(changesets * 2, MOST.changesets), bytes: Math.min(bytes * 2, MOST.bytes) }
}
