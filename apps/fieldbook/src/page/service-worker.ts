/** Installs the service worker (`src/sw/sw.ts`), which makes the app open without a network. Only in a built page. */
import { toast } from './status/toasts.ts'

export function installServiceWorker(): void {
  const { serviceWorker } = navigator
  if (!import.meta.env.PROD || serviceWorker === undefined || window.parent !== window) return
  const isUpdate = serviceWorker.controller !== null
  serviceWorker.register('/sw.js', { updateViaCache: 'none' }).catch((error: unknown) => {
    toast({ tone: 'problem', title: 'Not installed for offline use', text: String(error) })
  })
  serviceWorker.addEventListener('controllerchange', () => {
    if (isUpdate)
      toast({ tone: 'info', title: 'A new version is ready', text: 'It is used from the next start on.' })
  })
}
