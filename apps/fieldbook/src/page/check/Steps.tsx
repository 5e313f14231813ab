import { useState } from 'react'
import type { Step } from '../../shared/schema.ts'

type Props = { steps: readonly Step[]; save(steps: Step[]): Promise<void> }

/** What to do on site, to be ticked off; one jsonb column. */
export function Steps({ steps, save }: Props) {
  const [text, setText] = useState('')
  const done = steps.filter((step) => step.done).length
  const add = () => {
    if (text.trim() === '') return
    setText('')
    void save([...steps, { text: text.trim(), done: false }])
  }
  const toggle = (at: number) =>
    void save(steps.map((step, index) => (index === at ? { ...step, done: !step.done } : step)))
  return (
    <fieldset className="steps">
      <legend>
        Steps {steps.length > 0 && <span className="count">{`${done} of ${steps.length}`}</span>}
      </legend>
      {steps.map((step, at) => (
        // The list has no ids, and a step's text may occur twice.
        <label key={`${at} ${step.text}`} className="step" data-done={step.done || undefined}>
          <input type="checkbox" checked={step.done} onChange={() => toggle(at)} />
          <span>{step.text}</span>
        </label>
      ))}
      <input
        className="input step-new"
        value={text}
        aria-label="Add a step"
        placeholder="Add a step"
        onChange={(event) => setText(event.target.value)}
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key === 'Enter') add()
        }}
      />
    </fieldset>
  )
}
