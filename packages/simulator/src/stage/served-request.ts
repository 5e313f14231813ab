/** A request as a server is answering it, and whose it is. */
import type { PullRequest, PushRequest, SyncRequest } from '@landfall/protocol'
import type { Truth } from '../checks/truth.ts'

/** What a request is doing: filled in as its transactions run. */
export type ServedRequest = SyncMessage & { user: string; path: string; truth: Truth | null }
type SyncMessage = { push: PushRequest | null; pull: PullRequest | null }

export async function messageIn(request: Request): Promise<SyncMessage> {
  if (request.method !== 'POST') return { push: null, pull: null }
  const { push = null, pull = null } = (await request.clone().json()) as Partial<SyncRequest>
  return { push, pull }
}

export function userOf(authorization: string | null): { userId: string } | null {
  const [, user] = /^Bearer (.+)$/.exec(authorization ?? '') ?? []
  return user === undefined || user === 'expired' ? null : { userId: user }
}
