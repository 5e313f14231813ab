/**
 * Bodies in and out: read within limits, also when inflated (100 MB of zeros are 152 bytes of brotli), and sent
 * compressed where the caller accepts it and it pays. Brotli at quality 1 is the cheapest for its size here.
 */
import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants, gunzip, gzip, inflate } from 'node:zlib'
import { LandfallError } from '@landfall/protocol'
import type { Limits } from '../limits.ts'

type Inflate = (data: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>

const INFLATE: { [encoding: string]: Inflate } = {
  br: promisify(brotliDecompress),
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
}

const compressBrotli = promisify(brotliCompress)
const compressGzip = promisify(gzip)

/** Smaller bodies fit a packet or two anyway. */
const COMPRESS_FROM_BYTES = 1_024

export async function readJson(request: Request, limits: Limits): Promise<unknown> {
  const wire = await readBytes(request, limits.bodyBytes)
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  const bytes = encoding === 'identity' ? wire : await inflateBytes(wire, encoding, limits.inflatedBytes)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new LandfallError('bad_request', { what: 'body is not JSON' })
  }
}

async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop by the exception cancels the stream: the rest is not read.
  for await (const chunk of request.body ?? []) {
    size += chunk.length
    if (size > limit) throw new LandfallError('too_large', { what: 'body', limit })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function inflateBytes(bytes: Uint8Array, encoding: string, limit: number): Promise<Uint8Array> {
  const inflater = Object.hasOwn(INFLATE, encoding) ? INFLATE[encoding] : undefined
  if (inflater === undefined) throw new LandfallError('bad_request', { what: 'content-encoding' })
  try {
    return await inflater(bytes, { maxOutputLength: limit })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new LandfallError('too_large', { what: 'inflated body', limit })
    }
    throw new LandfallError('bad_request', { what: 'compressed body' })
  }
}

export async function jsonResponse(request: Request, json: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', vary: 'accept-encoding', 'cache-control': 'no-store' }
  const bytes = Buffer.from(json)
  const encoding = bytes.length < COMPRESS_FROM_BYTES ? null : acceptedEncoding(request)
  if (encoding === null) return new Response(bytes, { headers })
  const body =
    encoding === 'br'
      ? await compressBrotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })
      : await compressGzip(bytes, { level: 1 })
  return new Response(new Uint8Array(body), { headers: { ...headers, 'content-encoding': encoding } })
}

function acceptedEncoding(request: Request): 'br' | 'gzip' | null {
  const accepted = (request.headers.get('accept-encoding') ?? '')
    .split(',')
    .map((part) => part.trim().split(/\s*;\s*/))
    .filter(([, quality]) => !/^q=0(\.0*)?$/.test(quality ?? ''))
    .map(([name]) => name)
  if (accepted.includes('br')) return 'br'
  return accepted.includes('gzip') ? 'gzip' : null
}
