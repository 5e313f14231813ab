/** The right pane: one check, live, with its fields, steps and comments. */
import { useLive } from '@landfall/react'
import { CHECK } from '../data/queries.ts'
import { decodeCheck, type StoredCheck } from '../data/check.ts'
import { go } from '../route.ts'
import { Notice } from '../ui/Notice.tsx'
import { CheckHead } from './CheckHead.tsx'
import { Comments } from './Comments.tsx'
import { Facts } from './Facts.tsx'
import { Steps } from './Steps.tsx'
import { AreaField } from './Field.tsx'
import { TitleField } from './TitleField.tsx'
import { useSave } from './useSave.ts'

type Props = {
  id: string
  userId: string /** Just made here: the title is there to be overwritten. */
  fresh: boolean
}

export function CheckPane({ id, userId, fresh }: Props) {
  const { rows, ready, error } = useLive<StoredCheck>(CHECK, [id])
  const stored = rows[0]
  if (error !== null) return <Aside icon="warning" title="The check could not be read" text={error.message} />
  if (!ready) return <section className="check-pane" aria-busy="true" />
  if (stored === undefined) return <Gone />
  return <CheckForm key={id} stored={stored} userId={userId} fresh={fresh} />
}

function CheckForm({ stored, userId, fresh }: { stored: StoredCheck; userId: string; fresh: boolean }) {
  const check = decodeCheck(stored)
  const save = useSave(check)
  return (
    <section className="check-pane" aria-label={check.title}>
      <CheckHead check={check} />
      <div className="check-scroll">
        <TitleField stored={check.title} fresh={fresh} save={(title) => save({ title })} />
        <Facts check={check} save={save} />
        <AreaField
          label="Notes"
          stored={check.notes}
          placeholder="What you see, and what to do about it"
          save={(notes) => save({ notes })}
        />
        <Steps steps={check.steps} save={(steps) => save({ steps })} />
        <Comments check={check} userId={userId} />
      </div>
    </section>
  )
}

function Gone() {
  return (
    <section className="check-pane">
      <Notice icon="trash" title="This check is gone">
        <p>Somebody deleted it, or you are no longer on its project.</p>
        <button type="button" className="button" onClick={() => go({ check: null })}>
          Back to the list
        </button>
      </Notice>
    </section>
  )
}

function Aside({ icon, title, text }: { icon: 'warning'; title: string; text: string }) {
  return (
    <section className="check-pane">
      <Notice icon={icon} title={title}>
        {text}
      </Notice>
    </section>
  )
}
