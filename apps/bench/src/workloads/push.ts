/**
 * Push: one changeset of new rows, as a client sends it, through the server's Hono app; its floor is COPY.
 *
 * The measured part begins with the request's body as text and ends with the verdict: parsing, checking, rights, merge,
 * writing, the change log and the commit. No socket is between, since the floor has none either.
 */
import {
  type Changeset,
  type ChangeBlock,
  changesetNumber,
  clientId,
  encodeHlc,
  hlcFromTime,
  PROTOCOL_HEADER,
  PROTOCOL_VERSION,
  type PullResponse,
  type PushRequest,
  type PushResponse,
  SCHEMA_HEADER,
  type WireColumns,
} from '@landfall/protocol'
import { columnNames, generateRows } from '../shared/rows.ts'
import { SPACES, sync } from '../shared/schema.ts'
import { compare, type Compared, type Side } from '../runner/compare.ts'
import { copyFile, writeCopyFile } from '../stage/copy.ts'
import { run, type Stage } from '../stage/stage.ts'

const ROWS = 10_000
const TARGET = 6

export async function benchPush(stage: Stage, rounds: number): Promise<Compared[]> {
  const client = clientId(crypto.randomUUID())
  const history = await readHistory(stage, client)
  const { database } = stage.web
  let body = ''

  const floor: Side = {
    name: 'COPY from a file, no triggers',
    prepare: async (round) => writeCopyFile(stage.folder, rowsOfRound(round)),
    run: () => copyFile(database, stage.folder, 'items_bare'),
    check: (round) => expectRows(stage, 'items_bare', round),
  }
  const push: Side = {
    name: `push of ${ROWS.toLocaleString('en')} rows`,
    target: TARGET,
    prepare: async (round) => {
      body = JSON.stringify({
        client,
        history,
        moved: changesetNumber(0),
        changesets: [changesetOfRound(round)],
      } satisfies PushRequest)
    },
    run: async () => {
      const start = performance.now()
      const { verdicts } = await ask<PushResponse>(stage, '/sync/push', body)
      const ms = performance.now() - start
      if (verdicts[0]?.outcome !== 'applied') throw new Error(`Not applied: ${JSON.stringify(verdicts)}`)
      return ms
    },
    check: (round) => expectRows(stage, 'items', round),
  }
  return compare({ floor, workloads: [push], rounds }, stage.startCpu)
}

function rowsOfRound(round: number): WireColumns {
  return generateRows({ seed: 1_000 + round, count: ROWS, space: SPACES.push })
}

function changesetOfRound(round: number): Changeset {
  const hlc = encodeHlc(hlcFromTime(Date.now()))
  return { number: changesetNumber(round + 1), hlc, label: null, changes: [insertBlock(rowsOfRound(round))] }
}

function insertBlock(rows: WireColumns): ChangeBlock {
  const key = columnNames.indexOf('id')
  return {
    table: 'items',
    operation: 'insert',
    columns: columnNames,
    keys: rows.slice(key, key + 1),
    old: [],
    new: rows,
  }
}

async function readHistory(stage: Stage, client: PushRequest['client']): Promise<PushRequest['history']> {
  const body = JSON.stringify({ client, cursor: null, acknowledged: 0, scopes: [] })
  const { cursor } = await ask<PullResponse>(stage, '/sync/pull', body)
  return cursor.history
}

async function ask<Answer>({ web }: Stage, path: string, body: string): Promise<Answer> {
  const headers = {
    authorization: 'Bearer pusher',
    'content-type': 'application/json',
    [PROTOCOL_HEADER]: `${PROTOCOL_VERSION}`,
    [SCHEMA_HEADER]: sync.manifest.hash,
  }
  const response = await web.app.request(path, { method: 'POST', body, headers })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`)
  return answer as Answer
}

async function expectRows({ web }: Stage, table: string, round: number): Promise<void> {
  const sql = `SELECT count(*) AS count FROM ${table} WHERE space_id = ${SPACES.push}`
  const [row] = await run(web.database, sql)
  if (Number(row?.['count']) !== (round + 1) * ROWS) throw new Error(`${table} has ${row?.['count']} rows.`)
}
