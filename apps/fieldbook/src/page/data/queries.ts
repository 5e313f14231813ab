/**
 * The page's reads, as SQL over the local database.
 *
 * `landfall_base_*` holds the server's last known row for every row with unsent changes, so its presence is what
 * "unsent" means for a row.
 */
import type { View } from '../route.ts'
import type { Severity, Status } from './types.ts'

export type Query = { sql: string; params: (string | number)[] }

export type Filter = {
  text: string
  /** `unfinished`: everything that has not passed. */
  status: Status | 'unfinished' | 'all'
  severities: readonly Severity[]
}

export const NO_FILTER: Filter = { text: '', status: 'unfinished', severities: [] }

/** More than this is not read by people; the list says so and asks for a search. */
export const LIST_LIMIT = 300

export const PROJECTS = `
  select p.id, p.code, p.name, p.address, p.client,
         count(c.id) filter (where c.status <> 'passed') as open
  from projects p
  left join checks c on c.project_id = p.id
  where not p.archived
  group by p.id
  order by p.name`

/** How many unfinished checks the two personal views hold. */
export function countsQuery(userId: string, today: string): Query {
  return {
    sql: `
      select count(*) filter (where assignee_id = ?) as mine, count(*) filter (where due < ?) as overdue
      from checks
      where status <> 'passed'`,
    params: [userId, today],
  }
}

export function listQuery(view: View, filter: Filter, person: { userId: string; today: string }): Query {
  const where: string[] = []
  const params: (string | number)[] = []
  const and = (condition: string, ...values: (string | number)[]) => {
    where.push(condition)
    params.push(...values)
  }
  if (view.kind === 'project') and('c.project_id = (select id from projects where code = ?)', view.code)
  if (view.kind === 'mine') and('c.assignee_id = ?', person.userId)
  if (view.kind === 'overdue') and('c.due < ?', person.today)
  if (filter.status === 'unfinished') and(`c.status <> 'passed'`)
  else if (filter.status !== 'all') and('c.status = ?', filter.status)
  if (filter.severities.length > 0) {
    and(`c.severity in (${filter.severities.map(() => '?').join(', ')})`, ...filter.severities)
  }
  for (const word of filter.text.split(/\s+/).filter((part) => part !== '')) {
    const like = `%${word.replace(/[\\%_]/g, '\\$&')}%`
    and(
      `(c.title || ' ' || c.location || ' ' || c.notes || ' ' || coalesce(c.tags, '') || ' ' || coalesce(c.number, ''))
         like ? escape '\\'`,
      like,
    )
  }
  return { sql: listSql(where), params: [...params, LIST_LIMIT + 1] }
}

function listSql(where: string[]): string {
  return `
    select c.id, c.number, c.title, c.location, c.status, c.severity, c.due, p.code as project_code,
           u.name as assignee_name, u.color as assignee_color, coalesce(m.comments, 0) as comments,
           exists (select 1 from landfall_base_checks b where b.id = c.id) as unsent
    from checks c
    join projects p on p.id = c.project_id
    left join users u on u.id = c.assignee_id
    left join (select check_id, count(*) as comments from comments group by check_id) m on m.check_id = c.id
    ${where.length === 0 ? '' : `where ${where.join('\n      and ')}`}
    order by c.status = 'passed', c.due is null, c.due,
             case c.severity when 'critical' then 0 when 'major' then 1 when 'moderate' then 2 else 3 end, c.id
    limit ?`
}

export const CHECK = `
  select c.*, p.code as project_code, p.name as project_name,
         exists (select 1 from landfall_base_checks b where b.id = c.id) as unsent
  from checks c
  join projects p on p.id = c.project_id
  where c.id = ?`

export const COMMENTS = `
  select m.id, m.body, m.written_at, m.author_id, u.name as author_name, u.color as author_color,
         exists (select 1 from landfall_base_comments b where b.id = m.id) as unsent
  from comments m
  left join users u on u.id = m.author_id
  where m.check_id = ?
  order by m.written_at, m.id`

export const TEAM = `
  select u.id, u.name, u.color, u.trade
  from members t
  join users u on u.id = t.user_id
  where t.project_id = ?
  order by u.name`
