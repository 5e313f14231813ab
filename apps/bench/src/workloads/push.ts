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
} from '@landfall/protocol'
import { columnNames, generateRows } from '../shared/rows.ts'
import { SPACES, sync } from '../shared/schema.ts'
import { compare, type Compared } from '../runner/compare.ts'
import { copyRows } from '../stage/copy.ts'
import { run, type Stage } from '../stage/stage.ts'

const ROWS = 10_000
const TARGET = 6

export async function benchPush(stage: Stage, rounds: number): Promise<Compared[]> {
  const client = clientId(crypto.randomUUID())
  const history = await readHistory(stage, client)
  const rowsOfRound = (round: number) =>
    generateRows({ seed: 1_000 + round, count: ROWS, space: SPACES.push })

  const copy = async (round: number): Promise<number> => {
    const ms = await copyRows(stage.web.database, stage.folder, {
      into: 'items_bare',
      rows: rowsOfRound(round),
    })
    await expectRows(stage, 'items_bare', round)
    return ms
  }

  const push = async (round: number): Promise<number> => {
    const changes = [insertBlock(rowsOfRound(round))]
    const hlc = encodeHlc(hlcFromTime(Date.now()))
    const changeset: Changeset = { number: changesetNumber(round + 1), hlc, label: null, changes }
    const body = JSON.stringify({ client, history, changesets: [changeset] } satisfies PushRequest)
    const start = performance.now()
    const { verdicts } = await ask<PushResponse>(stage, '/sync/push', body)
    const ms = performance.now() - start
    if (verdicts[0]?.outcome !== 'applied') throw new Error(`Not applied: ${JSON.stringify(verdicts)}`)
    await expectRows(stage, 'items', round)
    return ms
  }

  const floor = { name: 'COPY from a file, no triggers', run: copy }
  const workload = { name: `push of ${ROWS.toLocaleString('en')} rows`, target: TARGET, run: push }
  return compare({ floor, workloads: [workload], rounds }, stage.readCpu)
}

function insertBlock(rows: ReturnType<typeof generateRows>): ChangeBlock {
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
