/** A real HTTP server on a free port that answers as the test tells it, and remembers what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Asked = { path: string; headers: IncomingMessage['headers']; body: unknown }

export type TestServer = {
  url: string
  asked: Asked[]
  /** How the next requests are answered. */
  answer(handler: (response: ServerResponse, asked: Asked) => void): void
  close(): Promise<void>
}

export async function startServer(): Promise<TestServer> {
  const asked: Asked[] = []
  let handler: (response: ServerResponse, asked: Asked) => void = (response) =>
    void response.writeHead(404).end()
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const one = { path: request.url ?? '', headers: request.headers, body }
      asked.push(one)
      handler(response, one)
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sync`,
    asked,
    answer(next) {
      handler = next
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const piece of request) text += String(piece)
  return text === '' ? null : JSON.parse(text)
}
