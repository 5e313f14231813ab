/** The short fields of a check: status, severity, who, when, where, what was measured, tags. */
import { useLive } from '@landfall/react'
import type { Check } from '../data/check.ts'
import { TEAM } from '../data/queries.ts'
import { type MemberLine, SEVERITIES, type Severity, STATUSES } from '../data/types.ts'
import { StatusGlyph } from '../ui/Glyph.tsx'
import { SEVERITY_LABEL, STATUS_LABEL } from '../ui/words.ts'
import { Field, SelectField, TextField } from './Field.tsx'
import type { Save } from './useSave.ts'

type Props = { check: Check; save: Save }

export function Facts({ check, save }: Props) {
  return (
    <>
      <StatusPicker check={check} save={save} />
      <div className="facts">
        <SelectField
          label="Severity"
          value={check.severity}
          options={SEVERITIES.map((severity) => ({ value: severity, label: SEVERITY_LABEL[severity] }))}
          onPick={(severity) => void save({ severity: severity as Severity })}
        />
        <AssigneeField check={check} save={save} />
        <DueField check={check} save={save} />
        <TextField
          label="Place"
          stored={check.location}
          placeholder="Level, room, grid line"
          save={(location) => save({ location })}
        />
        <MeasuredField check={check} save={save} />
        <TextField
          label="Tags"
          stored={check.tags.join(', ')}
          placeholder="fire, doors"
          save={(text) => save({ tags: parseTags(text) })}
        />
      </div>
    </>
  )
}

function StatusPicker({ check, save }: Props) {
  return (
    <div className="segments" role="radiogroup" aria-label="Status">
      {STATUSES.map((status) => (
        <button
          key={status}
          type="button"
          role="radio"
          aria-checked={check.status === status}
          data-status={status}
          className="segment"
          onClick={() => void save({ status })}
        >
          <StatusGlyph status={status} />
          {STATUS_LABEL[status]}
        </button>
      ))}
    </div>
  )
}

function AssigneeField({ check, save }: Props) {
  const { rows } = useLive<MemberLine>(TEAM, [check.project_id])
  const people = rows.map((person) => ({ value: person.id, label: person.name }))
  return (
    <SelectField
      label="Assignee"
      value={check.assignee_id ?? ''}
      options={[{ value: '', label: 'Nobody yet' }, ...people]}
      onPick={(id) => void save({ assignee_id: id === '' ? null : id })}
    />
  )
}

function DueField({ check, save }: Props) {
  return (
    <Field label="Due">
      {(id) => (
        <input
          id={id}
          type="date"
          className="input"
          value={check.due ?? ''}
          onChange={(event) => void save({ due: event.target.value === '' ? null : event.target.value })}
        />
      )}
    </Field>
  )
}

function MeasuredField({ check, save }: Props) {
  const unit = check.unit === null ? '' : `, ${check.unit}`
  return (
    <TextField
      label={`Measured${unit}`}
      stored={check.measured ?? ''}
      inputMode="decimal"
      placeholder="No reading"
      save={(text) => save({ measured: parseDecimal(text) })}
    />
  )
}

/** The text stays a text: a reading of 0.100 is not 0.1. What is no number is refused by the local database. */
function parseDecimal(text: string): string | null {
  const trimmed = text.trim().replace(',', '.')
  return trimmed === '' ? null : trimmed
}

function parseTags(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim())
  return [...new Set(tags.filter((tag) => tag !== ''))]
}
