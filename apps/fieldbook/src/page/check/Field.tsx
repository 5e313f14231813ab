/** Labelled fields that save themselves; see `useDraft`. */
import { type ReactNode, useId } from 'react'
import { useDraft } from '../ui/useDraft.ts'

type FieldProps = { label: string; children: (id: string) => ReactNode }

export function Field({ label, children }: FieldProps) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  )
}

type TextProps = {
  label: string
  stored: string
  placeholder?: string
  inputMode?: 'decimal'
  save(value: string): Promise<void>
}

export function TextField({ label, stored, placeholder, inputMode, save }: TextProps) {
  const draft = useDraft(stored, save)
  return (
    <Field label={label}>
      {(id) => (
        <input
          id={id}
          className="input"
          value={draft.value}
          placeholder={placeholder}
          inputMode={inputMode}
          onChange={(event) => draft.change(event.target.value)}
          onBlur={draft.flush}
        />
      )}
    </Field>
  )
}

export function AreaField({ label, stored, placeholder, save }: TextProps) {
  const draft = useDraft(stored, save)
  return (
    <Field label={label}>
      {(id) => (
        <textarea
          id={id}
          className="input area"
          value={draft.value}
          placeholder={placeholder}
          onChange={(event) => draft.change(event.target.value)}
          onBlur={draft.flush}
        />
      )}
    </Field>
  )
}

type SelectProps = {
  label: string
  value: string
  options: readonly { value: string; label: string }[]
  onPick(value: string): void
}

export function SelectField({ label, value, options, onPick }: SelectProps) {
  return (
    <Field label={label}>
      {(id) => (
        <select id={id} className="input" value={value} onChange={(event) => onPick(event.target.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
