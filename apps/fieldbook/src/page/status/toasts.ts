/** Short messages at the edge of the page. A store outside React, so that any code can speak. */
import { useSyncExternalStore } from 'react'
import { after } from '../platform.ts'

export type Toast = { id: number; tone: 'info' | 'problem'; title: string; text: string }

const STAY_MS = 9_000
let toasts: readonly Toast[] = []
let nextId = 1
const listeners = new Set<() => void>()

export function toast(content: Omit<Toast, 'id'>): void {
  const id = nextId++
  replace([...toasts.filter((kept) => kept.text !== content.text), { id, ...content }])
  after(STAY_MS, () => dismiss(id))
}

/** Shows an error in the words of the error catalogue, without code and details, which go to the console. */
export function problem(title: string, error: unknown): void {
  console.warn(title, error)
  toast({ tone: 'problem', title, text: plainMessage(error) })
}

function plainMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/^[a-z_]+: /, '').replace(/ \{.*$/s, '')
}

export function dismiss(id: number): void {
  replace(toasts.filter((kept) => kept.id !== id))
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
  )
}

function replace(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}
