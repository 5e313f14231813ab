/**
 * What of Fieldbook is synced, and with whom: the only place where the app talks to Landfall about its schema.
 *
 * A project's rows belong to its members; the directory of people is everybody's and read-only.
 */
import { defineSync } from '@landfall/schema'
import { checks, comments, members, projects, users } from './schema.ts'

export const sync = defineSync({
  tables: { users, projects, members, checks, comments },
  scopes: {
    project: {
      projects: (project) => project.id,
      members: (member) => member.projectId,
      checks: (check) => check.projectId,
      comments: (comment) => comment.projectId,
    },
    people: { users: true },
  },
  columns: { checks: { exclude: ['internalCost'], readonly: ['number', 'createdAt'] } },
  conflicts: { checks: { tags: 'set', '*': 'last-write' } },
})
