/** The views: two personal ones and the projects, each with how much is unfinished. */
import type { ProjectRow } from '../data/types.ts'
import { go, hrefOf, sameView, type View } from '../route.ts'
import { Icon, type IconName } from '../ui/Icon.tsx'
import { Link } from '../ui/Link.tsx'

export type SidebarProps = {
  view: View
  projects: readonly ProjectRow[]
  counts: { mine: number; overdue: number }
  onPick(): void
}

export function Sidebar({ view, projects, counts, onPick }: SidebarProps) {
  const item = (target: View, content: Omit<ItemProps, 'view' | 'current' | 'onPick'>) => (
    <Item view={target} current={sameView(view, target)} onPick={onPick} {...content} />
  )
  return (
    <nav className="sidebar" aria-label="Projects">
      <ul>
        {item({ kind: 'mine' }, { icon: 'person', label: 'Assigned to me', count: counts.mine })}
        {item({ kind: 'overdue' }, { icon: 'clock', label: 'Overdue', count: counts.overdue, alarm: true })}
      </ul>
      <h2>Projects</h2>
      <ul>
        {projects.map((project) => (
          <ProjectItem key={project.id} project={project} view={view} onPick={onPick} />
        ))}
      </ul>
    </nav>
  )
}

function ProjectItem({ project, view, onPick }: { project: ProjectRow; view: View; onPick(): void }) {
  const target: View = { kind: 'project', code: project.code }
  const { code, name, open } = project
  return (
    <Item
      view={target}
      current={sameView(view, target)}
      onPick={onPick}
      code={code}
      label={name}
      count={open}
    />
  )
}

type ItemProps = {
  view: View
  current: boolean
  label: string
  count: number
  icon?: IconName
  code?: string
  alarm?: boolean
  onPick(): void
}

function Item({ view, current, label, count, icon, code, alarm, onPick }: ItemProps) {
  const open = () => {
    go({ view })
    onPick()
  }
  return (
    <li>
      <Link
        href={hrefOf({ view })}
        onGo={open}
        className="nav-item"
        aria-current={current ? 'page' : undefined}
      >
        {icon !== undefined && <Icon name={icon} />}
        {code !== undefined && <span className="code">{code}</span>}
        <span className="nav-label">{label}</span>
        {count > 0 && (
          <span className={alarm ? 'count alarm' : 'count'} aria-label={`${count} unfinished`}>
            {count}
          </span>
        )}
      </Link>
    </li>
  )
}
