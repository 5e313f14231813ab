/** The page of `react-opening.test.ts`: a provider that opens its database itself, under StrictMode and Suspense. */
import { LandfallProvider, SyncBadge, useLandfall, useLive, useLiveSuspense } from '@landfall/react'
import { defineSync } from '@landfall/schema'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { Component, type ReactNode, StrictMode, Suspense, useLayoutEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'

const notes = pgTable('notes', {
  id: integer().primaryKey(),
  project: text().notNull(),
  title: text().notNull(),
})
const sync = defineSync({ tables: { notes }, scopes: { project: { notes: (t) => t.project } } })

type Note = { id: number; title: string }
/** What the list showed at each commit of React, newest last. */
const shown: { from: number; rows: number[]; ready: boolean; stale: boolean; database: string }[] = []
const workers: string[] = []

class CountedWorker extends Worker {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args)
    workers.push('started')
  }

  override terminate(): void {
    workers.push('ended')
    super.terminate()
  }
}
globalThis.Worker = CountedWorker

class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null }

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override render(): ReactNode {
    return this.state.error === null ? this.props.children : <p id="error">{String(this.state.error)}</p>
  }
}

function List({ database }: { database: string }) {
  const db = useLandfall()
  const [from, setFrom] = useState(0)
  const query = 'select id, title from notes where id >= ? order by id'
  const { rows, ready, stale } = useLive<Note>(query, [from])
  useLayoutEffect(() => {
    shown.push({ from, rows: rows.map(({ id }) => id), ready, stale, database })
  })
  const fill = (): void => {
    const row = (id: number): [string, (string | number)[]] => [
      'insert into notes (id, project, title) values (?, ?, ?)',
      [id, 'p', `note ${id}`],
    ]
    void db.batch([1, 2, 3].map(row))
  }
  return (
    <>
      <button type="button" onClick={fill}>
        Fill
      </button>
      <button type="button" onClick={() => setFrom(from + 1)}>
        Next
      </button>
      <p id="list">{`${database}: ${rows.map(({ title }) => title).join()}`}</p>
    </>
  )
}

function Count() {
  const { rows, ready } = useLiveSuspense<{ n: number }>('select count(*) as n from notes')
  return <p id="count">{`${ready} ${rows[0]?.n}`}</p>
}

function App() {
  const [database, setDatabase] = useState<string | null>('first')
  const [others, setOthers] = useState(false)
  if (database === null) return <p id="gone">gone</p>
  const options = { sync, url: '/sync', database, getToken: () => 'ada' }
  return (
    <Boundary>
      <button type="button" onClick={() => setDatabase('second')}>
        Other user
      </button>
      <button type="button" onClick={() => setDatabase('not/a/name?'.repeat(40))}>
        Bad name
      </button>
      <button type="button" onClick={() => setDatabase(null)}>
        Leave
      </button>
      <button type="button" onClick={() => setOthers(true)}>
        Once more
      </button>
      <LandfallProvider options={options} fallback={<p id="opening">opening</p>}>
        <SyncBadge />
        <List database={database} />
        <Suspense fallback={<p id="counting">counting</p>}>
          <Count />
        </Suspense>
      </LandfallProvider>
      {others && (
        <LandfallProvider options={options}>
          <p id="others">shared</p>
        </LandfallProvider>
      )}
    </Boundary>
  )
}

const root = document.getElementById('root')
if (root === null) throw new Error('no root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)

declare global {
  var openingPage: { shown: typeof shown; workers: typeof workers }
}
Object.assign(globalThis, { openingPage: { shown, workers }, ready: true })
