/** The middle pane: heading, filters and the live list of checks. */
import { useLive } from '@landfall/react'
import { type RefObject, useDeferredValue, useEffect, useState } from 'react'
import { type Filter, LIST_LIMIT, listQuery, NO_FILTER } from '../data/queries.ts'
import type { CheckLine, ProjectRow } from '../data/types.ts'
import type { Route, View } from '../route.ts'
import { Icon } from '../ui/Icon.tsx'
import { Notice } from '../ui/Notice.tsx'
import { CheckRow } from './CheckRow.tsx'
import { Filters } from './Filters.tsx'

type Props = {
  route: Route
  project: ProjectRow | null
  person: { userId: string; today: string }
  /** False until the first load is complete, so that "empty" and "not here yet" can be told apart. */
  complete: boolean
  searchRef: RefObject<HTMLInputElement | null>
  onNew(): void
  onMenu(): void
}

export function CheckList(props: Props) {
  const { route, project, person, complete } = props
  const [filter, setFilter] = useState<Filter>(NO_FILTER)
  const { sql, params } = listQuery(route.view, useDeferredValue(filter), person)
  const { rows, ready, error } = useLive<CheckLine>(sql, params)
  const shown = rows.slice(0, LIST_LIMIT)
  const isListed = shown.some(({ id }) => id === route.check)
  useEffect(() => {
    if (isListed) document.querySelector('[data-row][aria-current]')?.scrollIntoView({ block: 'nearest' })
  }, [route.check, isListed])
  return (
    <section className="list-pane" aria-label="Checks">
      <ListHead {...props} count={rows.length} />
      <Filters filter={filter} onFilter={setFilter} searchRef={props.searchRef} />
      {error !== null && (
        <Notice icon="warning" title="The list could not be read">
          {error.message}
        </Notice>
      )}
      {ready && rows.length === 0 && <EmptyList complete={complete} filter={filter} onFilter={setFilter} />}
      <ul className="rows" aria-label={`${rows.length} checks`}>
        {shown.map((line) => (
          <CheckRow
            key={line.id}
            line={line}
            current={line.id === route.check}
            today={person.today}
            showProject={project === null}
          />
        ))}
        {rows.length > LIST_LIMIT && (
          <li className="rows-more">Showing the first {LIST_LIMIT}. Search or filter for the rest.</li>
        )}
      </ul>
    </section>
  )
}

function ListHead({ route, project, count, onNew, onMenu }: Props & { count: number }) {
  return (
    <header className="list-head">
      <button type="button" className="icon-button menu-button" aria-label="Show projects" onClick={onMenu}>
        <Icon name="menu" />
      </button>
      <div className="list-title">
        <h1>{titleOf(route.view, project)}</h1>
        <p>
          {project === null
            ? `${countText(count)} across your projects`
            : `${project.address} · ${project.client}`}
        </p>
      </div>
      {project !== null && (
        <button type="button" className="button primary" onClick={onNew}>
          <Icon name="plus" size={16} />
          <span>New check</span>
          <kbd aria-hidden="true">N</kbd>
        </button>
      )}
    </header>
  )
}

type EmptyProps = { complete: boolean; filter: Filter; onFilter(filter: Filter): void }

function EmptyList({ complete, filter, onFilter }: EmptyProps) {
  if (!complete) {
    return (
      <Notice icon="cloud" title="Not here yet" busy>
        The first load of your projects is under way. It goes on when there is a network.
      </Notice>
    )
  }
  if (filter.text !== '' || filter.severities.length > 0 || filter.status !== NO_FILTER.status) {
    return (
      <Notice icon="search" title="Nothing matches">
        <button type="button" className="button" onClick={() => onFilter(NO_FILTER)}>
          Clear search and filters
        </button>
      </Notice>
    )
  }
  return (
    <Notice icon="site" title="Nothing left to do">
      Every check here has passed.
    </Notice>
  )
}

function titleOf(view: View, project: ProjectRow | null): string {
  if (view.kind === 'mine') return 'Assigned to me'
  return view.kind === 'overdue' ? 'Overdue' : (project?.name ?? 'Project')
}

function countText(count: number): string {
  if (count > LIST_LIMIT) return `More than ${LIST_LIMIT} checks`
  return count === 1 ? '1 check' : `${count} checks`
}
