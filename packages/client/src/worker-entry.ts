/** The worker's entry: waits for its page's first message, then hosts the engine on the port that came with it. */
import type { OpenMessage } from './link/messages.ts'
import { hostEngine } from './worker/engine-host.ts'

addEventListener('message', ({ data, ports }: MessageEvent<OpenMessage>) => {
  const [port] = ports
  if (data.landfall === 'open' && port !== undefined) hostEngine(data, port).catch(reportError)
})
