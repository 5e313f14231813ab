/** The page of `react-browser.test.ts`: a list over a live query that counts how often each row is rendered. */
import { openLandfall } from '@landfall/client'
import { LandfallProvider, SyncBadge, useLive } from '@landfall/react'
import { defineSync } from '@landfall/schema'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { memo, StrictMode, useEffect, useLayoutEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'

const notes = pgTable('notes', {
  id: integer().primaryKey(),
  project: text().notNull(),
  title: text().notNull(),
})
const sync = defineSync({ tables: { notes }, scopes: { project: { notes: (t) => t.project } } })
const open = (database: string) => openLandfall({ sync, url: '/sync', database, getToken: () => 'ada' })
const [db, other] = await Promise.all([open('react'), open('other')])

type Note = { id: number; title: string }
/** How many rows the list showed at each commit of React. */
const lists: number[] = []
const renders: Record<number, number> = {}

const Line = memo(({ note }: { note: Note }) => {
  useEffect(() => {
    renders[note.id] = (renders[note.id] ?? 0) + 1
  })
  return <li>{note.title}</li>
})

function List() {
  const [from, setFrom] = useState(0)
  const { rows, ready, error } = useLive<Note>('select id, title from notes where id >= ? order by id', [
    from,
  ])
  useLayoutEffect(() => {
    lists.push(rows.length)
  })
  const drizzle = useLive(db.drizzle.select().from(sync.sqlite.notes))
  return (
    <main>
      <button type="button" onClick={() => setFrom(2)}>
        From 2
      </button>
      <p id="state">{`${ready ? 'ready' : 'not yet'} ${drizzle.rows.length} ${error?.message ?? 'fine'}`}</p>
      <ul id="list">
        {rows.map((note) => (
          <Line key={note.id} note={note} />
        ))}
      </ul>
    </main>
  )
}

function App() {
  const [shown, setShown] = useState(db)
  return (
    <LandfallProvider db={shown}>
      <button type="button" onClick={() => setShown(other)}>
        Other database
      </button>
      <SyncBadge />
      <List />
    </LandfallProvider>
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
  var reactPage: { db: typeof db; renders: Record<number, number>; lists: number[] }
}
Object.assign(globalThis, { reactPage: { db, renders, lists }, ready: true })
