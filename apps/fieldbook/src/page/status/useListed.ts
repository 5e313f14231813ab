import { useEffect, useState } from 'react'
import { problem } from './toasts.ts'

/** Things that the database lists, read again whenever their number changes. */
export function useListed<Item>(source: { list(): Promise<Item[]> }, count: number): readonly Item[] {
  const [items, setItems] = useState<readonly Item[]>([])
  useEffect(() => {
    let current = true
    source.list().then(
      (list) => current && setItems(list),
      (error: unknown) => problem('The list could not be read', error),
    )
    return () => {
      current = false
    }
  }, [source, count])
  return items
}
