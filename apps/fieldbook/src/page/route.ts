/**
 * Where the page is: the address is the state, so that back, forward and links work.
 *
 * `/`, `/mine`, `/overdue` and `/project/<code>` name a view, `?check=<id>` the check that is open in it. `?user=` and
 * `?device=` say whose notebook this is (see `device/DeviceGate.tsx`) and travel along.
 */
import { useSyncExternalStore } from 'react'

export type View = { kind: 'mine' } | { kind: 'overdue' } | { kind: 'project'; code: string }

export type Route = {
  page: 'duo' | 'notebook'
  view: View
  check: string | null
  user: string | null
  device: string
  /** Inside a frame of /duo, which has the offline switch on its own. */
  framed: boolean
}

export function parseRoute(pathname: string, search: string): Route {
  const query = new URLSearchParams(search)
  return {
    page: pathname === '/duo' ? 'duo' : 'notebook',
    view: parseView(pathname),
    check: query.get('check'),
    user: query.get('user'),
    device: query.get('device') ?? 'main',
    framed: query.has('framed'),
  }
}

export function hrefOf(change: { view?: View; check?: string | null }): string {
  const route = currentRoute()
  const query = new URLSearchParams(location.search)
  const view = change.view ?? route.view
  const check = change.check === undefined && change.view === undefined ? route.check : (change.check ?? null)
  if (check === null) query.delete('check')
  else query.set('check', check)
  const text = query.toString()
  return `${pathOf(view)}${text === '' ? '' : `?${text}`}`
}

export function go(change: { view?: View; check?: string | null }): void {
  const href = hrefOf(change)
  if (href === `${location.pathname}${location.search}`) return
  history.pushState(null, '', href)
  changed()
}

export function useRoute(): Route {
  return useSyncExternalStore(listen, currentRoute)
}

export function sameView(a: View, b: View): boolean {
  return pathOf(a) === pathOf(b)
}

export function pathOf(view: View): string {
  return view.kind === 'project' ? `/project/${view.code}` : `/${view.kind}`
}

function parseView(pathname: string): View {
  const project = /^\/project\/([^/]+)$/.exec(pathname)?.[1]
  if (project !== undefined) return { kind: 'project', code: project }
  return pathname === '/overdue' ? { kind: 'overdue' } : { kind: 'mine' }
}

const listeners = new Set<() => void>()
let cached: { href: string; route: Route } | null = null

function currentRoute(): Route {
  if (cached?.href !== location.href) {
    cached = { href: location.href, route: parseRoute(location.pathname, location.search) }
  }
  return cached.route
}

function changed(): void {
  for (const listener of listeners) listener()
}

function listen(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('popstate', listener)
  }
}
