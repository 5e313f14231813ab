/** Somebody's notebook: the bar, the three panes, and the keys that work everywhere. */
import { useLive, useStatus } from '@landfall/react'
import { useRef, useState } from 'react'
import { CheckPane } from '../check/CheckPane.tsx'
import { createCheck } from '../data/actions.ts'
import { countsQuery, PROJECTS } from '../data/queries.ts'
import type { ProjectRow } from '../data/types.ts'
import type { Device } from '../device/open.ts'
import { today } from '../platform.ts'
import { go, type Route, useRoute } from '../route.ts'
import { problem } from '../status/toasts.ts'
import { ShortcutsDialog } from '../ui/ShortcutsDialog.tsx'
import { CheckList } from './CheckList.tsx'
import { DeviceBar } from './DeviceBar.tsx'
import { NoCheck } from './NoCheck.tsx'
import { Sidebar } from './Sidebar.tsx'
import { type Keys, moveFocus, useKeys } from './useKeys.ts'

export function Notebook({ device, onSignOut }: { device: Device; onSignOut(): void }) {
  const route = useRoute()
  const [menu, setMenu] = useState(false)
  const [fresh, setFresh] = useState<string | null>(null)
  const search = useRef<HTMLInputElement>(null)
  const shortcuts = useRef<HTMLDialogElement>(null)
  const person = { userId: device.person.id, today: today() }
  const projects = useLive<ProjectRow>(PROJECTS, []).rows
  const counts = useCounts(person)
  const { scopes } = useStatus()
  const project = findProject(projects, route)
  const add = () => project !== null && newCheck(device, project, setFresh)
  useKeys({
    ...deviceKeys(device),
    n: add,
    Escape: () => (menu ? setMenu(false) : leave()),
    '/': () => search.current?.focus(),
    '?': () => shortcuts.current?.showModal(),
  })
  return (
    <div
      className="notebook"
      data-pane={route.check === null ? 'list' : 'check'}
      data-menu={menu || undefined}
    >
      <DeviceBar device={device} onSignOut={onSignOut} onHelp={() => shortcuts.current?.showModal()} />
      <Sidebar view={route.view} projects={projects} counts={counts} onPick={() => setMenu(false)} />
      <button type="button" className="scrim" aria-label="Close the menu" onClick={() => setMenu(false)} />
      <CheckList
        route={route}
        project={project}
        person={person}
        complete={scopes.length > 0 && scopes.every(({ ready }) => ready)}
        searchRef={search}
        onNew={add}
        onMenu={() => setMenu(true)}
      />
      {route.check === null ? (
        <NoCheck />
      ) : (
        <CheckPane id={route.check} userId={person.userId} fresh={fresh === route.check} />
      )}
      <ShortcutsDialog dialogRef={shortcuts} />
    </div>
  )
}

function useCounts(person: { userId: string; today: string }): { mine: number; overdue: number } {
  const { sql, params } = countsQuery(person.userId, person.today)
  return useLive<{ mine: number; overdue: number }>(sql, params).rows[0] ?? { mine: 0, overdue: 0 }
}

function findProject(projects: readonly ProjectRow[], { view }: Route): ProjectRow | null {
  return view.kind === 'project' ? (projects.find(({ code }) => code === view.code) ?? null) : null
}

function newCheck({ db }: Device, project: ProjectRow, setFresh: (id: string) => void): void {
  createCheck(db, project.id, 'New check').then(
    (id) => {
      setFresh(id)
      go({ check: id })
    },
    (error: unknown) => problem('Not created', error),
  )
}

function deviceKeys({ network }: Device): Keys {
  const pickStatus = (at: number) => () => document.querySelectorAll<HTMLElement>('.segment')[at]?.click()
  return {
    j: () => moveFocus(1),
    k: () => moveFocus(-1),
    c: () => document.querySelector<HTMLElement>('[data-comment-field]')?.focus(),
    o: () => network.turn(!network.on),
    '1': pickStatus(0),
    '2': pickStatus(1),
    '3': pickStatus(2),
    '4': pickStatus(3),
  }
}

/** Out of a field first, then out of the check and back to its row. */
function leave(): void {
  const focused = document.activeElement
  if (focused instanceof HTMLElement && focused.matches('input, textarea, select')) focused.blur()
  else {
    document.querySelector<HTMLElement>('[data-row][aria-current]')?.focus()
    go({ check: null })
  }
}
