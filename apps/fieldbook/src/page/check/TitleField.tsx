import { useEffect, useRef, useState } from 'react'
import { useDraft } from '../ui/useDraft.ts'

type Props = { stored: string; fresh: boolean; save(title: string): Promise<void> }

/** The title as a heading to type in. Never saved empty: Postgres would refuse it. */
export function TitleField({ stored, fresh, save }: Props) {
  const [isEmpty, setEmpty] = useState(false)
  const draft = useDraft(stored, (title) => (title.trim() === '' ? Promise.resolve() : save(title.trim())))
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    if (fresh) field.current?.select()
  }, [fresh])
  return (
    <div className="title-field">
      <textarea
        ref={field}
        rows={1}
        aria-label="Title"
        aria-invalid={isEmpty}
        value={draft.value}
        onChange={(event) => {
          const title = event.target.value.replace(/\n/g, ' ')
          setEmpty(title.trim() === '')
          draft.change(title)
        }}
        onBlur={() => {
          setEmpty(false)
          draft.flush()
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') event.currentTarget.blur()
        }}
      />
      {isEmpty && <p className="field-problem">A check needs a title; the last one is kept.</p>}
    </div>
  )
}
