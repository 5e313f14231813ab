/**
 * Makes the rows of a fresh Fieldbook: the same ones every time, but for dates, which hang on `today`.
 *
 * Pure: knows neither the database nor the clock.
 */
import { PEOPLE, type Person } from '../../shared/people.ts'
import { type Dice, rollDice } from './random.ts'
import { PLACES, SITES, type Site } from './sites.ts'
import { type Kind, REMARKS, TRADES } from './work.ts'

export type SeedRow = { [column: string]: unknown }
export type SeedTable = { table: string; columns: string[]; rows: SeedRow[] }

const DAY = 86_400_000
const CHECKS_PER_SITE = 150

/** `today` in milliseconds since 1970. Tables come parents first. */
export function seedRows(today: number): SeedTable[] {
  const dice = rollDice(20_261_123)
  const projects: SeedRow[] = []
  const members: SeedRow[] = []
  const checks: SeedRow[] = []
  const comments: SeedRow[] = []
  SITES.forEach((site, index) => {
    const project = projectRow(site, { dice, today })
    const team = teamOf(index)
    projects.push(project)
    members.push(...team.map((person, at) => memberRow(project, person, at)))
    for (let n = 0; n < CHECKS_PER_SITE; n++) {
      const check = checkRow(project, team, { dice, today })
      checks.push(check)
      comments.push(...commentRows(check, team, { dice, today }))
    }
  })
  return [
    table('users', PEOPLE.map(userRow)),
    table('projects', projects),
    table('members', members),
    table('checks', checks),
    table('comments', comments),
  ]
}

type World = { dice: Dice; today: number }

function table(name: string, rows: SeedRow[]): SeedTable {
  return { table: name, columns: Object.keys(rows[0] ?? {}), rows }
}

/** Everyone is on half of the sites or more, and Ada and Ben, the two devices of /duo, share the first five. */
function teamOf(index: number): Person[] {
  return PEOPLE.filter((_, at) => (at < 2 ? index < 8 || index % 2 === at : (index + at) % 2 === 0))
}

function userRow({ id, name, trade, color, handle }: Person): SeedRow {
  return { id, name, email: `${handle}@fieldbook.example`, trade, color }
}

function memberRow(project: SeedRow, person: Person, at: number): SeedRow {
  return { project_id: project.id, user_id: person.id, role: at === 0 ? 'lead' : 'inspector' }
}

function projectRow(site: Site, { dice, today }: World): SeedRow {
  const { code, name, address, client } = site
  const starts_on = isoDate(today - site.startedDaysAgo * DAY)
  return { id: dice.uuid(), code, name, address, client, starts_on, archived: false }
}

function checkRow(project: SeedRow, team: Person[], { dice, today }: World): SeedRow {
  const assignee = dice.oneIn(9) ? null : dice.pick(team)
  const kind = dice.pick(dice.pick(TRADES))
  const status = dice.pick(['open', 'open', 'in_progress', 'rework', 'passed', 'passed', 'passed'])
  const createdAt = today - (3 + dice.below(90)) * DAY - dice.below(DAY)
  const due =
    status === 'passed' ? createdAt + (5 + dice.below(30)) * DAY : today + (dice.below(60) - 4) * DAY
  return {
    id: dice.uuid(),
    project_id: project.id,
    title: kind.title,
    notes: dice.oneIn(4) ? '' : kind.notes,
    location: dice.pick(PLACES),
    status,
    severity: dice.pick(['minor', 'minor', 'moderate', 'moderate', 'moderate', 'major', 'major', 'critical']),
    assignee_id: assignee?.id ?? null,
    due: dice.oneIn(8) ? null : isoDate(due),
    tags: kind.tags,
    steps: kind.steps.map((text, at) => ({
      text,
      done: status === 'passed' || (status !== 'open' && at < 2),
    })),
    ...measurement(kind, status, dice),
    created_at: new Date(createdAt).toISOString(),
    internal_cost: `${80 + dice.below(900)}.${dice.below(10)}0`,
  }
}

function measurement(kind: Kind, status: string, dice: Dice): SeedRow {
  const unit = kind.measure?.unit ?? null
  if (kind.measure === undefined || status === 'open') return { measured: null, unit }
  const { from, to } = kind.measure
  return { measured: (from + ((to - from) * dice.below(1000)) / 1000).toFixed(3), unit }
}

function commentRows(check: SeedRow, team: Person[], { dice, today }: World): SeedRow[] {
  const count = dice.pick([0, 0, 1, 1, 2, 4])
  const opened = Date.parse(String(check.created_at))
  return Array.from({ length: count }, (_, at) => ({
    id: dice.uuid(),
    check_id: check.id,
    project_id: check.project_id,
    author_id: dice.pick(team).id,
    body: dice.pick(REMARKS),
    written_at: new Date(
      opened + ((today - opened) * (at + 1)) / (count + 2) + dice.below(DAY / 4),
    ).toISOString(),
  }))
}

function isoDate(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
