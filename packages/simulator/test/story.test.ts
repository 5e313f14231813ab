/** The story as a table and as a picture, from invented outcomes. */
import { expect, test } from 'vitest'
import { storyHtml } from '../src/story/story-html.ts'
import { storyRows } from '../src/story/story-rows.ts'
import { storyTable } from '../src/story/story.ts'
import { line, outcomeWith, violated } from './support/samples.ts'

const told = outcomeWith({
  virtualMs: 5_400_000,
  faults: { offline: 1, 'request lost': 12 },
  lines: [
    line(1000, 'a', 'writes 2 rows', 'unsent 1'),
    line(1250, 'server 1', 'push 1', 'applied'),
    line(84_045, 'a', 'offline'),
    line(3_725_006, 'postgres', 'foreign: update notes', ''),
  ],
  violations: [{ ...violated('P9', 2), at: 1300 }],
})

test('[T8.3] the table is aligned, in relative time, and frames the violation behind its line', () => {
  expect(storyTable(told)).toBe(`seed      7: 3 steps, 4 lines, 1.50 virtual hours
faults    request lost 12, offline 1
violated  P9 (a)
digest    c0ffee

time           who       what                   state
────────────────────────────────────────────────────────
+00:00:00.000  a         writes 2 rows          unsent 1
+00:00:00.250  server 1  push 1                 applied
!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!
!!  VIOLATED P9 at +00:00:00.300 by a
!!  rows differ
!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!
+00:01:23.045  a         offline
+01:02:04.006  postgres  foreign: update notes
`)
})

test('[T8.3] long cells are cut at the width that is given, violations never', () => {
  const long = 'x'.repeat(500)
  const table = storyTable(
    outcomeWith({ lines: [line(0, 'a', long, '😀'.repeat(30))], violations: [violated('P3', 1, long)] }),
    { cell: 20 },
  )
  expect(table).toContain(`+00:00:00.000  a    ${'x'.repeat(19)}…  ${'😀'.repeat(19)}…\n`)
  expect(table).toContain(`!!  ${long}\n`)
})

test('[T8.3] a violation before all lines, behind them, and one of a story that was not kept', () => {
  const kinds = (lines: number, at: number): string[] =>
    storyRows(
      outcomeWith({
        lines: Array.from({ length: lines }, () => line(0, 'a', 'x')),
        violations: [violated('P1', at)],
      }),
    ).map(({ kind }) => kind)
  expect(kinds(2, 0)).toEqual(['violation', 'line', 'line'])
  expect(kinds(2, 1)).toEqual(['line', 'violation', 'line'])
  expect(kinds(2, 2)).toEqual(['line', 'line', 'violation'])
  expect(kinds(0, 900)).toEqual(['violation'])
})

test('[T8.3] only the lines around violations, and how many were left out', () => {
  const lines = Array.from({ length: 100 }, (_, index) => line(index, 'a', `event ${index}`))
  const table = storyTable(outcomeWith({ lines, violations: [violated('P3', 50)] }), { around: 2 })
  expect(table.match(/event \d+/g)).toEqual(['event 48', 'event 49', 'event 50', 'event 51'])
  expect(table.match(/… \d+ lines/g)).toEqual(['… 48 lines', '… 48 lines'])
  expect(storyTable(outcomeWith({ lines }), { around: 2 }).match(/event/g)).toHaveLength(100)
})

test.each([
  ['offline', 'offline'],
  ['offline for a minute', 'offline'],
  ['push 3: response lost', 'response lost'],
  ['repeated late', 'repeated late'],
  ['repeated', 'repeated'],
  ['offline-first', undefined],
  [`writes 'offline'`, undefined],
  ['push 3', undefined],
])('[T8.3] the line "%s" tells of the fault %s', (what, fault) => {
  expect(storyRows(outcomeWith({ lines: [line(0, 'a', what)] }))).toMatchObject([{ fault }])
})

test('[T8.3] the picture has a lane for each actor, a row a line, faults and violations marked', () => {
  const page = storyHtml(told)
  expect(Array.from(page.matchAll(/<label title="([^"]*)"/g), ([, who]) => who)).toEqual([
    'a',
    'server 1',
    'postgres',
  ])
  const rows = page.match(/class="(row|row fault|violation)"/g)
  expect(rows).toEqual(['row', 'row', 'violation', 'row fault', 'row'].map((name) => `class="${name}"`))
  expect(page).toContain('<a class="found" href="#row-2">P9, a: rows differ</a>')
  expect(page).toContain('<strong>P9 violated</strong> by a<br>rows differ')
})

test('[T8.3] lanes: devices, servers by number, Postgres, the world', () => {
  const actors = ['world', 'server 10', 'postgres', 'z', 'server 2', 'a']
  const page = storyHtml(outcomeWith({ lines: actors.map((who) => line(0, who, 'x')) }))
  expect(Array.from(page.matchAll(/<label title="([^"]*)"/g), ([, who]) => who)).toEqual([
    'z',
    'a',
    'server 2',
    'server 10',
    'postgres',
    'world',
  ])
})

const HOSTILE = `</script><img src=x onerror="alert('1')">&amp; \u001b[2J line\nbreak \u202eturned \ud800`
const hostile = outcomeWith({
  lines: [line(0, HOSTILE, HOSTILE, HOSTILE)],
  violations: [{ promise: HOSTILE, what: HOSTILE, who: HOSTILE, at: 0, line: 1 }],
})

test('[T8.4] what a story quotes cannot break a row of the table', () => {
  const table = storyTable(hostile, { cell: 200 })
  const row = table.split('\n').find((text) => text.startsWith('+'))
  expect(row?.match(/line\\nbreak \\u\{202e\}turned \\u\{d800\}/g)).toHaveLength(3)
  // Nothing is left of control characters but line ends, of marks that turn text, of halves of pairs.
  expect(table.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
})

test('[T8.4] what a story quotes cannot become a part of the page, and the page loads nothing', () => {
  const page = storyHtml(hostile)
  expect(page).not.toContain('<img')
  expect(page.match(/<script>/g)).toHaveLength(1)
  expect(page.match(/<\/script>/g)).toHaveLength(1)
  expect(page).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp; \\u{1b}[2J')
  expect(page).toContain(`default-src 'none'`)
  expect(page).not.toMatch(/<link|@import|url\(|https?:/)
})
