/**
 * A field that saves itself: what is typed is shown at once, written after a short rest, on leaving the field and when
 * the editor closes.
 *
 * While there is a draft, a value that arrives from elsewhere does not overwrite what the person is typing. The draft
 * goes when the stored value has caught up with it.
 */
import { useEffect, useRef, useState } from 'react'
import { after } from '../platform.ts'

const REST_MS = 350

export type Draft = {
  value: string
  change(value: string): void
  /** Writes now what has not been written. */
  flush(): void
}

export function useDraft(stored: string, save: (value: string) => Promise<void>): Draft {
  const [draft, setDraft] = useState<string | null>(null)
  const waiting = useRef<{ value: string; cancel: () => void } | null>(null)
  const latestSave = useRef(save)
  useEffect(() => {
    latestSave.current = save
  })

  const flush = () => {
    const due = waiting.current
    if (due === null) return
    waiting.current = null
    due.cancel()
    void latestSave.current(due.value).finally(() => setDraft((kept) => (kept === due.value ? null : kept)))
  }
  const change = (value: string) => {
    waiting.current?.cancel()
    waiting.current = { value, cancel: after(REST_MS, flush) }
    setDraft(value)
  }
  const latestFlush = useRef(flush)
  useEffect(() => {
    latestFlush.current = flush
  })
  useEffect(() => {
    const leave = () => latestFlush.current()
    addEventListener('pagehide', leave)
    return () => {
      removeEventListener('pagehide', leave)
      leave()
    }
  }, [])
  return { value: draft ?? stored, change, flush }
}
