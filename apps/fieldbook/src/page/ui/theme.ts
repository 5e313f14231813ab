/** Light, dark or as the system says; remembered, and shared with every other tab and frame of this origin. */
import { useSyncExternalStore } from 'react'

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'fieldbook.theme'
const ORDER: readonly Theme[] = ['system', 'light', 'dark']
const listeners = new Set<() => void>()

export function useTheme(): { theme: Theme; next(): void } {
  const theme = useSyncExternalStore(listen, readTheme)
  return { theme, next: () => writeTheme(ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? 'system') }
}

function readTheme(): Theme {
  const stored = localStorage.getItem(KEY)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

function writeTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme)
  showTheme()
}

function showTheme(): void {
  const theme = readTheme()
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  for (const listener of listeners) listener()
}

function listen(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('storage', showTheme)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) removeEventListener('storage', showTheme)
  }
}
