/**
 * Random changesets of one client against a model: whatever the server rejects, and however the changesets are spread over
 * pushes, the tables hold what the applied ones make of each other in order, each whole.
 */
import type { WireValue } from '@landfall/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Change,
  createPushWorld,
  insert,
  type PushWorld,
  remove,
  type Row,
  tellVerdict,
  update,
} from './support/push-world.ts'

let world: PushWorld

beforeAll(async () => {
  world = await createPushWorld()
})
afterAll(() => world.close())

/** A wish is turned into a change by what the client has: an insert where there is no row, else an edit or a delete. */
type Wish = { table: 'items' | 'steps'; id: string; slug: WireValue; price: string; deletes: boolean }

const wish = fc.record<Wish>({
  table: fc.constantFrom('items', 'items', 'steps'),
  id: fc.constantFrom('1', '2', '3', '4', '5'),
  slug: fc.constantFrom(null, 'a', 'b', 'c'),
  price: fc.constantFrom('1', '2', '3', '4', '-1'),
  deletes: fc.boolean(),
})
const pushes = fc.array(
  fc.array(fc.array(wish, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }),
  {
    minLength: 1,
    maxLength: 3,
  },
)

type Model = Map<string, Row>

const nameOf = ({ table, id }: Pick<Wish, 'table' | 'id'>) => `${table} ${id}`

function keyOf({ table, id }: Wish): Row {
  return table === 'items' ? { id } : { item_id: id, place: 'x' }
}

/** What the client writes: a row's columns by the wish. */
function valuesOf({ table, slug, price }: Wish): Row {
  return table === 'items' ? { slug, price } : { label: price }
}

function toChange(local: Model, wanted: Wish): Change {
  const { table } = wanted
  const now = local.get(nameOf(wanted))
  const values = valuesOf(wanted)
  if (now === undefined) return insert(table, { ...keyOf(wanted), project_id: '2', ...values })
  if (wanted.deletes) return remove(table, keyOf(wanted), now)
  const pairs = Object.entries(values).map(([name, value]) => [name, [now[name] ?? null, value]] as const)
  return update(table, keyOf(wanted), Object.fromEntries(pairs.map(([name, [a, b]]) => [name, [a, b]])))
}

function apply(model: Model, change: Change): void {
  const name = `${change.table} ${change.key[0]}`
  const now = model.get(name)
  const columns = Object.entries(change.new).filter(([column]) => ['slug', 'price', 'label'].includes(column))
  if (change.operation === 'delete') model.delete(name)
  else if (now || change.operation === 'insert') model.set(name, { ...now, ...Object.fromEntries(columns) })
}

async function readTables(): Promise<Model> {
  const items = await world.run(`SELECT id::text, slug, price::int::text FROM items`)
  const steps = await world.run('SELECT item_id::text, label FROM steps')
  const model: Model = new Map()
  for (const { id, slug = null, price = null } of items) model.set(`items ${id}`, { slug, price })
  for (const { item_id, label = null } of steps) model.set(`steps ${item_id}`, { label })
  return model
}

const sorted = (model: Model) => [...model].sort(([a], [b]) => (a < b ? -1 : 1))

test('[P2.3] the tables hold what the applied changesets make of them in order, and nothing of the others', async () => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(pushes, async (wishes) => {
      await world.refill()
      const ann = world.client('ann')
      const local: Model = new Map()
      const model: Model = new Map()
      let at = Date.now()
      for (const push of wishes) {
        const made = push.map((changeset) => {
          const distinct = [...new Map(changeset.map((each) => [nameOf(each), each])).values()]
          const changes = distinct.map((each) => toChange(local, each))
          for (const change of changes) apply(local, change)
          return { changes, changeset: ann.make(changes, at++) }
        })
        const { verdicts } = await ann.send(made.map(({ changeset }) => changeset))
        expect(verdicts).toHaveLength(made.length)
        for (const [i, verdict] of verdicts.entries()) {
          seen.add(tellVerdict(verdict))
          if (verdict.outcome === 'applied') for (const change of made[i]?.changes ?? []) apply(model, change)
        }
      }
      expect(sorted(await readTables())).toEqual(sorted(model))
    }),
    { numRuns: 60, seed: 2026 },
  )
  expect([...seen].sort()).toEqual([
    'applied',
    'check_violation',
    'foreign_key_violation',
    'row_missing',
    'unique_violation',
  ])
})
