/** The entry of the push; see DESIGN section 8. */
import { LandfallError, type PushRequest, type PushResponse, type UserId } from '@landfall/protocol'
import type { ServerContext } from '../context.ts'

export async function handlePush(
  _context: ServerContext,
  _request: PushRequest,
  _user: UserId,
): Promise<PushResponse> {
  throw new LandfallError('not_available', { call: 'push' })
}
