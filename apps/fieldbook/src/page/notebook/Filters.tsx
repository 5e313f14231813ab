/** Search and the filter chips above the list. */
import type { RefObject } from 'react'
import { type Filter, NO_FILTER } from '../data/queries.ts'
import { SEVERITIES, type Severity, STATUSES } from '../data/types.ts'
import { SeverityGlyph, StatusGlyph } from '../ui/Glyph.tsx'
import { Icon } from '../ui/Icon.tsx'
import { SEVERITY_LABEL, STATUS_LABEL } from '../ui/words.ts'

type Props = { filter: Filter; onFilter(filter: Filter): void; searchRef: RefObject<HTMLInputElement | null> }

export function Filters({ filter, onFilter, searchRef }: Props) {
  return (
    <div className="filters">
      <label className="search">
        <Icon name="search" size={16} />
        <span className="sr">Search checks</span>
        <input
          ref={searchRef}
          type="search"
          placeholder="Search title, place, notes, tags"
          value={filter.text}
          onChange={(event) => onFilter({ ...filter, text: event.target.value })}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <div className="chips" role="group" aria-label="Filter">
        <StatusChips filter={filter} onFilter={onFilter} />
        <span className="chips-gap" />
        <SeverityChips filter={filter} onFilter={onFilter} />
      </div>
    </div>
  )
}

type ChipsProps = Omit<Props, 'searchRef'>

function StatusChips({ filter, onFilter }: ChipsProps) {
  const pick = (status: Filter['status']) =>
    onFilter({ ...filter, status: filter.status === status ? NO_FILTER.status : status })
  return (
    <>
      {STATUSES.map((status) => (
        <button
          key={status}
          type="button"
          className="chip"
          aria-pressed={filter.status === status}
          onClick={() => pick(status)}
        >
          <StatusGlyph status={status} />
          {STATUS_LABEL[status]}
        </button>
      ))}
      <button
        type="button"
        className="chip"
        aria-pressed={filter.status === 'all'}
        onClick={() => pick('all')}
      >
        All
      </button>
    </>
  )
}

function SeverityChips({ filter, onFilter }: ChipsProps) {
  const toggle = (severity: Severity) => {
    const on = filter.severities.includes(severity)
    const severities = on
      ? filter.severities.filter((kept) => kept !== severity)
      : [...filter.severities, severity]
    onFilter({ ...filter, severities })
  }
  return SEVERITIES.map((severity) => (
    <button
      key={severity}
      type="button"
      className="chip small"
      aria-label={SEVERITY_LABEL[severity]}
      title={SEVERITY_LABEL[severity]}
      aria-pressed={filter.severities.includes(severity)}
      onClick={() => toggle(severity)}
    >
      <SeverityGlyph severity={severity} />
    </button>
  ))
}
