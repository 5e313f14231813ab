/** Rows as the page reads them from the local database. */
export const STATUSES = ['open', 'in_progress', 'rework', 'passed'] as const
export type Status = (typeof STATUSES)[number]

export const SEVERITIES = ['critical', 'major', 'moderate', 'minor'] as const
export type Severity = (typeof SEVERITIES)[number]

export type ProjectRow = {
  id: string
  code: string
  name: string
  address: string
  client: string
  /** Checks that have not passed. */
  open: number
}

/** One line of the list of checks. */
export type CheckLine = {
  id: string
  number: number | bigint | null
  title: string
  location: string
  status: Status
  severity: Severity
  due: string | null
  project_code: string
  assignee_name: string | null
  assignee_color: string | null
  comments: number
  /** 1 while the row has changes that the server has not acknowledged. */
  unsent: number
}

export type CommentLine = {
  id: string
  body: string
  written_at: string
  author_id: string
  author_name: string | null
  author_color: string | null
  unsent: number
}

export type MemberLine = { id: string; name: string; color: string; trade: string }
