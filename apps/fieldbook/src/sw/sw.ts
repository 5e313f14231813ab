/**
 * The service worker: makes Fieldbook open with no network after the first visit.
 *
 * The build puts the list of its files and a version in place of `__PRECACHE__` and `__VERSION__` (vite.config.ts).
 * All files of one version are stored together in one cache, so that a page never mixes two versions; a new version
 * replaces the old one whole. Sync and sign-in are never touched: their freshness is the engine's business.
 */
/// <reference lib="webworker" />
declare const self: ServiceWorkerGlobalScope
declare const __PRECACHE__: string[]
declare const __VERSION__: string

const CACHE = `fieldbook-${__VERSION__}`
const INDEX = '/index.html'
const NEVER = /^\/(sync|demo)(\/|$)/

self.addEventListener('install', (event) => {
  event.waitUntil(store().then(() => self.skipWaiting()))
})

self.addEventListener('activate', (event) => {
  event.waitUntil(dropOldVersions().then(() => self.clients.claim()))
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin || NEVER.test(url.pathname)) return
  event.respondWith(answer(request, url))
})

/** `reload` goes past the HTTP cache: a stale file must not become part of a new version. */
async function store(): Promise<void> {
  const cache = await caches.open(CACHE)
  await cache.addAll(__PRECACHE__.map((path) => new Request(path, { cache: 'reload' })))
}

async function dropOldVersions(): Promise<void> {
  const names = await caches.keys()
  await Promise.all(
    names
      .filter((name) => name.startsWith('fieldbook-') && name !== CACHE)
      .map((name) => caches.delete(name)),
  )
}

async function answer(request: Request, url: URL): Promise<Response> {
  const cache = await caches.open(CACHE)
  const path = request.mode === 'navigate' ? INDEX : url.pathname
  return (await cache.match(path)) ?? fetch(request)
}
