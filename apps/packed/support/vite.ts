/** The app built by Vite, as `npm create vite` sets it up. */
import type { Consumer } from './consumer.ts'
import { createOrdersProject, type ReactVersion } from './orders-app.ts'
import { versionOf } from './pack.ts'

const VITE = ['vite', '@vitejs/plugin-react', 'typescript']

export function createViteProject(tarballs: { [name: string]: string }, react: ReactVersion): Consumer {
  const bundler = Object.fromEntries(VITE.map((name) => [name, versionOf(name)]))
  return createOrdersProject({ tarballs, react, bundler })
}
