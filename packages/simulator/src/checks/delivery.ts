/**
 * P4 on the wire: every row of every answer is one that the user may see, in the snapshot that the answer names.
 *
 * A page names no snapshot; its rows are held against the newest truth, which was read in the page's own transaction.
 */
import {
  encodeKey,
  type PullResponse,
  type SyncResponse,
  type FirstLoadPage,
  type WireColumns,
  rowAt,
  rowCount,
  type Manifest,
  type ManifestTable,
} from '@landfall/protocol'
import { scopesOfRow, type Truth } from './truth.ts'
import { type Finding, isSame } from './snapshot-equality.ts'

export function judgeSync(
  response: SyncResponse,
  known: { user: string; truthAt(snapshot: string): Truth | undefined; manifest: Manifest },
): Finding[] {
  const pull = response.pull?.ok ? response.pull.value : null
  if (pull === null) return []
  const truth = known.truthAt(pull.cursor.snapshot)
  if (truth === undefined)
    return [{ promise: 'P5', what: `the cursor ${pull.cursor.snapshot} is of no snapshot that was read` }]
  return [
    ...judgeUser(pull, known.user),
    ...pull.tables.flatMap(({ table, rows }) => judgeRows({ table, rows, truth, ...known })),
  ]
}

export function judgePage(
  page: FirstLoadPage,
  known: { user: string; truth: Truth; manifest: Manifest },
): Finding[] {
  return page.blocks.flatMap(({ table, rows }) => judgeRows({ table, rows, ...known }))
}

function judgeUser({ user }: PullResponse, expected: string): Finding[] {
  return user === expected ? [] : [{ promise: 'P4', what: `the answer is for ${user}` }]
}

type Delivered = { table: string; rows: WireColumns; truth: Truth; user: string; manifest: Manifest }

function judgeRows({ table: name, rows, truth, user, manifest }: Delivered): Finding[] {
  const table = manifest.tables.find((each) => each.name === name)
  const known = truth.rows.get(name)
  if (table === undefined || known === undefined) return []
  const held = truth.held.get(user) ?? new Set()
  const findings: Finding[] = []
  for (let r = 0; r < rowCount(rows); r++) {
    const row = rowAt(rows, r)
    const key = keyIn(table, row)
    const true_ = known.rows.get(key)
    if (!scopesOfRow(table, row).some((scope) => held.has(scope)))
      findings.push({
        promise: 'P4',
        what: `${name} ${key} was sent to ${user}, who holds none of its scopes`,
      })
    else if (true_ === undefined)
      findings.push({ promise: 'P5', what: `${name} ${key} was sent and is not there` })
    else if (known.table === table && !isSame(true_, row))
      findings.push({ promise: 'P5', what: `${name} ${key} was sent as it is in no committed state` })
  }
  return findings
}

const keyIn = (table: ManifestTable, row: (string | null)[]): string =>
  encodeKey(table.key.map((name) => row[table.columns.findIndex((c) => c.name === name)] ?? null))
