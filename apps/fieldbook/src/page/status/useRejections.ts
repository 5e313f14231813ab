import { useLandfall, useStatus } from '@landfall/react'
import { useEffect, useState } from 'react'
import { problem } from './toasts.ts'

export type Refused = {
  id: number
  label: string | null
  at: number
  error: { message: string; details: { [name: string]: unknown } }
}

/** The kept rejections, read again whenever their number changes. */
export function useRejections(): readonly Refused[] {
  const db = useLandfall()
  const { rejections: count } = useStatus()
  const [rejections, setRejections] = useState<readonly Refused[]>([])
  useEffect(() => {
    let current = true
    db.rejections.list().then(
      (list) => current && setRejections(list),
      (error: unknown) => problem('Refused changes could not be read', error),
    )
    return () => {
      current = false
    }
  }, [db, count])
  return rejections
}
