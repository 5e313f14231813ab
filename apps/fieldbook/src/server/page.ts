/**
 * Serves the built page: hashed assets for ever, everything else revalidated, and the app's own addresses
 * (`/duo`, `/project/...`) with index.html.
 *
 * The service worker and index.html must never be cached by age, or an update would not arrive.
 */
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'

const FOR_EVER = 'public, max-age=31536000, immutable'
const REVALIDATE = 'no-cache'

/** `root` is the folder that Vite built. */
export function createPage(root: string): Hono {
  const app = new Hono()
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        frameAncestors: ["'self'"],
      },
      crossOriginEmbedderPolicy: false,
      strictTransportSecurity: false, // the business of whatever ends TLS
    }),
  )
  app.use(async (context, next) => {
    await next()
    const hashed = context.req.path.startsWith('/assets/') && context.res.ok
    context.header('cache-control', hashed ? FOR_EVER : REVALIDATE)
  })
  app.use('/assets/*', serveStatic({ root, precompressed: true }))
  app.get('/assets/*', (context) => context.notFound())
  app.use(serveStatic({ root }))
  app.get('*', serveStatic({ root, path: 'index.html' }))
  return app
}
