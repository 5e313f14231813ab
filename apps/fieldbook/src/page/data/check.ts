/**
 * One check as the editor knows it, and the texts it is stored as.
 *
 * Tags and steps are a Postgres array and a jsonb: the mirror's Drizzle columns translate them, here by hand because
 * the editor's live query is plain SQL.
 */
import type { Step } from '../../shared/schema.ts'
import { sync } from '../../shared/sync.ts'
import type { Severity, Status } from './types.ts'

const { tags, steps } = sync.sqlite.checks

/** As the local database holds it. */
export type StoredCheck = {
  id: string
  project_id: string
  project_code: string
  project_name: string
  number: number | bigint | null
  title: string
  notes: string
  location: string
  status: Status
  severity: Severity
  assignee_id: string | null
  due: string | null
  tags: string
  steps: string
  measured: string | null
  unit: string | null
  created_at: string | null
  unsent: number
}

export type Check = Omit<StoredCheck, 'tags' | 'steps'> & { tags: string[]; steps: Step[] }

export function decodeCheck(stored: StoredCheck): Check {
  return {
    ...stored,
    tags: tags.mapFromDriverValue(stored.tags) as string[],
    steps: steps.mapFromDriverValue(stored.steps) as Step[],
  }
}

/** The fields that the editor writes. */
export type CheckChange = Partial<
  Pick<
    Check,
    | 'title'
    | 'notes'
    | 'location'
    | 'status'
    | 'severity'
    | 'assignee_id'
    | 'due'
    | 'tags'
    | 'steps'
    | 'measured'
    | 'unit'
  >
>

/** Columns and their stored values, in the same order. */
export function encodeChange(change: CheckChange): { columns: string[]; values: (string | null)[] } {
  const { tags: tagList, steps: stepList, ...plain } = change
  const stored: { [column: string]: string | null } = { ...plain }
  if (tagList !== undefined) stored.tags = String(tags.mapToDriverValue(tagList))
  if (stepList !== undefined) stored.steps = String(steps.mapToDriverValue(stepList))
  return { columns: Object.keys(stored), values: Object.values(stored) }
}
