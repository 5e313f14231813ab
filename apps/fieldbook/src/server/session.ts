/**
 * The demo's sign-in: a person is chosen by handle, without a password, and gets a signed token (JWT, HS256).
 *
 * The signing secret is made once and kept in a file beside the data, so that tokens survive a restart.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Hono } from 'hono'
import { jwtVerify, SignJWT } from 'jose'
import { personByHandle } from '../shared/people.ts'

const ISSUER = 'fieldbook'
const AUDIENCE = 'fieldbook-sync'
const LIFETIME = '12h'

export type Session = {
  /** POST /session with `{ user: handle }`. */
  app: Hono
  /** Who a request's bearer token was given to; null when there is none, or it is wrong or has expired. */
  authenticate(request: Request): Promise<{ userId: string } | null>
}

export function createSession(secret: Uint8Array): Session {
  const app = new Hono()
  app.post('/session', async (context) => {
    const body: unknown = await context.req.json().catch(() => null)
    const person = personByHandle(handleOf(body))
    if (person === undefined) return context.json({ problem: 'There is nobody with this name.' }, 404)
    return context.json({ token: await signToken(person.id, secret), userId: person.id })
  })
  return { app, authenticate: (request) => verifyToken(request, secret) }
}

/** Reads the secret, or makes one that only this user may read. */
export async function loadSecret(file: string): Promise<Uint8Array> {
  try {
    return Buffer.from(await readFile(file, 'utf8'), 'base64')
  } catch {
    const secret = randomBytes(32)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, secret.toString('base64'), { mode: 0o600 })
    return secret
  }
}

function handleOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'user' in body ? String(body.user) : ''
}

function signToken(userId: string, secret: Uint8Array): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(LIFETIME)
    .sign(secret)
}

async function verifyToken(request: Request, secret: Uint8Array): Promise<{ userId: string } | null> {
  const token = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  if (token === undefined) return null
  try {
    const { payload } = await jwtVerify(token, secret, {
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: 60,
    })
    return payload.sub === undefined ? null : { userId: payload.sub }
  } catch {
    return null
  }
}
