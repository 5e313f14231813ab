/**
 * One sync round trip, with the outbox's front cut to a size that the server takes.
 *
 * The device learns the server's limits by trying. A push that is too large is halved and sent again in the same turn,
 * with the same cursor; nothing of the refused try is applied. A changeset that is too large on its own would hold up all
 * later ones: the pull travels without it, and the changeset is set aside as refused (P8). This needs a pull that worked,
 * since only that shows that the changeset was too large, and not the pull.
 */
import {
  type Changeset,
  encodeError,
  LandfallError,
  type Rejection,
  type SyncResponse,
} from '@landfall/protocol'
import type { OutboxLimits, Store } from '../store/store.ts'
import { pullRequest, pushRequest } from './requests.ts'
import type { Transport } from './transport/transport.ts'

const MOST: OutboxLimits = { changesets: 1_000, bytes: 4 << 20 }

export type Exchanged = {
  response: SyncResponse
  /** The outbox's front, when no push can take it: it has its verdict without the server having kept one. */
  refused: Rejection | null
}

export type Exchange = (push: boolean, signal: AbortSignal) => Promise<Exchanged>

type Attempt = { sent: Changeset[]; response: SyncResponse }

export function createExchange(store: Store, transport: Transport): Exchange {
  let limits = MOST

  async function attempt(push: boolean, signal: AbortSignal): Promise<Attempt> {
    const state = store.syncState()
    const message = {
      push: pushRequest(state, push ? store.readOutbox(limits) : []),
      pull: pullRequest(state),
    }
    const sent = message.push?.changesets ?? []
    try {
      return { sent, response: await transport.sync(message, signal) }
    } catch (error) {
      if (!(error instanceof LandfallError) || error.code !== 'too_large' || sent.length === 0) throw error
      return { sent, response: { push: { ok: false, error: encodeError(error) }, pull: null } }
    }
  }

  return async function exchange(push, signal) {
    for (;;) {
      const { sent, response } = await attempt(push, signal)
      if (response.push === null || response.push.ok) {
        if (push) limits = larger(limits)
        return { response, refused: null }
      }
      const { error } = response.push
      if (error.code === 'too_large' && sent.length > 1) {
        limits = { changesets: Math.ceil(sent.length / 2), bytes: Math.ceil(limits.bytes / 2) }
        continue
      }
      const pull = response.pull ?? (await attempt(false, signal)).response.pull
      const [alone] = sent
      if (error.code === 'too_large' && alone !== undefined && pull?.ok)
        return { response: { push: null, pull }, refused: { number: alone.number, error } }
      return { response: { push: response.push, pull }, refused: null }
    }
  }
}

function larger({ changesets, bytes }: OutboxLimits): OutboxLimits {
  return { changesets: Math.min(changesets * 2, MOST.changesets), bytes: Math.min(bytes * 2, MOST.bytes) }
}
