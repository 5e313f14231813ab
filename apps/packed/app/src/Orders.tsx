/** The page: what is in the dozen tables, an order's lines, and a button for each kind of write. */
import { LandfallProvider, SyncBadge, useLandfall, useLive, useLiveSuspense } from '@landfall/react'
import { StrictMode, Suspense, useState } from 'react'
import '@landfall/react/styles.css'
import { sync } from '../sync.ts'

const ORDER = '11111111-1111-4111-8111-111111111111'
const TABLES = sync.manifest.tables.map(({ name }) => name).toSorted()

export function App() {
  const options = { sync, url: '/sync', database: 'ada', getToken: () => 'ada' }
  return (
    <StrictMode>
      <LandfallProvider options={options} fallback={<p>Opening</p>}>
        <SyncBadge />
        <Suspense fallback={<p>Counting</p>}>
          <Counts />
        </Suspense>
        <Lines />
      </LandfallProvider>
    </StrictMode>
  )
}

function Counts() {
  const counts = TABLES.map((name) => `select '${name}' as name, count(*) as n from ${name}`)
  const { rows } = useLiveSuspense<{ name: string; n: number }>(counts.join(' union all '))
  return <p id="counts">{rows.map(({ name, n }) => `${name} ${n}`).join(', ')}</p>
}

function Lines() {
  const db = useLandfall<typeof sync.sqlite>()
  const [least, setLeast] = useState(0)
  const { rows, stale } = useLive<{ line_no: number; name: string; quantity: number }>(
    `select line_no, name, quantity from order_lines join products on products.id = product_id
     where order_id = ? and quantity >= ? order by line_no`,
    [ORDER, least],
  )
  const orders = useLive(db.drizzle.select().from(sync.sqlite.orders))
  const addLine = (): Promise<unknown> =>
    db.run(
      `insert into order_lines (order_id, line_no, company_id, product_id, quantity)
       select ?, max(line_no) + 1, 1, 3, 5 from order_lines where order_id = ?`,
      [ORDER, ORDER],
    )
  const place = (): Promise<unknown> =>
    db.transaction(async (tx) => {
      await tx.run(`update orders set status = 'placed', placed_at = ? where id = ?`, [
        '2026-01-02 03:04:05.678901+00',
        ORDER,
      ])
      await tx.run(`update customers set name = 'Baker & Sons' where id = 1`)
      await tx.run(`update settings set theme = 'dark' where user_id = 'ada'`)
    })
  return (
    <main>
      <p id="status">{orders.rows.map(({ status }) => status).join()}</p>
      <ul id="lines">
        {rows.map((line) => (
          <li key={line.line_no}>{`${line.line_no}: ${line.quantity} x ${line.name}`}</li>
        ))}
      </ul>
      <button type="button" disabled={stale} onClick={() => void addLine()}>
        Add a line
      </button>
      <button type="button" onClick={() => void place()}>
        Place
      </button>
      <button type="button" onClick={() => setLeast(3)}>
        Many
      </button>
    </main>
  )
}
