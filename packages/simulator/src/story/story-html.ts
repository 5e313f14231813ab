/**
 * The story of a run as a picture: a sequence diagram in one HTML page that needs nothing else.
 *
 * A lane for each device, server and Postgres, time downward, a row a line, which begins in the lane of who did it. The
 * page runs from a file or a build's artefacts: styles and the little script are inline, and a policy forbids it to load
 * anything. Every text is escaped, since stories quote what a workload wrote.
 */
import type { Outcome } from './outcome.ts'
import { SCRIPT, STYLE } from './story-page.ts'
import { type LineRow, storyRows, type ViolationRow } from './story-rows.ts'
import { counted, faultCounts, relativeTime, virtualHours, visible } from './text.ts'

const POLICY = `default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'`

export function storyHtml(outcome: Outcome): string {
  const rows = storyRows(outcome)
  const lanes = lanesOf(outcome)
  const places = new Map(lanes.map((who, index) => [who, index]))
  const told = rows.map((row, index) =>
    row.kind === 'line' ? lineHtml(row, places.get(row.line.who) ?? 0) : violationHtml(row, index),
  )
  const violations = rows.flatMap((row, index) => (row.kind === 'violation' ? [{ row, index }] : []))
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width">
<title>Seed ${outcome.seed}</title>
<style>${STYLE}</style>
<body style="--lanes: ${lanes.length}">
${headingHtml(outcome)}
${violations.map(({ row, index }) => linkHtml(row, index)).join('\n')}
<div class="row lanes"><span>time</span>${lanes.map(laneHtml).join('')}<span class="state">state</span></div>
<main>
${told.join('\n')}
</main>
<script>${SCRIPT}</script>
</html>
`
}

/** Devices, then servers by number, then Postgres and the world. */
function lanesOf({ lines }: Outcome): string[] {
  const names = [...new Set(lines.map(({ who }) => who))]
  const rank = (who: string): number => {
    if (who === 'world') return Number.POSITIVE_INFINITY
    if (who === 'postgres') return Number.MAX_SAFE_INTEGER
    const server = /^server (\d+)$/.exec(who)?.[1]
    return server === undefined ? -1 : Number(server)
  }
  return names.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)))
}

function headingHtml({ seed, steps, virtualMs, lines, faults, violations, digest }: Outcome): string {
  const size = [counted(steps, 'step'), counted(lines.length, 'line'), virtualHours(virtualMs)]
  const chips = faultCounts(faults).map((text) => `<span class="chip">${html(text)}</span>`)
  const verdict = violations.length === 0 ? 'nothing violated' : counted(violations.length, 'violation')
  return `<header><h1>Seed ${seed}: ${verdict}</h1>
<p>${size.join(', ')}, digest <code>${html(digest)}</code></p>
<p>${chips.join(' ') || 'no faults'}</p></header>`
}

const laneHtml = (who: string, lane: number): string =>
  `<label title="${html(who)}"><input type="checkbox" checked data-lane="${lane}"> ${html(who)}</label>`

function lineHtml({ at, line, fault }: LineRow, lane: number): string {
  const mark = fault === undefined ? '' : ' fault'
  const title = fault === undefined ? '' : ` title="fault: ${html(fault)}"`
  return (
    `<div class="row${mark}" data-lane="${lane}"${title}><time>${relativeTime(at)}</time>` +
    `<span class="event" style="--lane: ${lane}"><span>${html(line.what)}</span></span>` +
    `<span class="state">${html(line.state)}</span></div>`
  )
}

function violationHtml({ at, violation: { promise, who, what } }: ViolationRow, index: number): string {
  const says = what.split('\n').map(html).join('<br>')
  return (
    `<div class="violation" id="row-${index}"><time>${relativeTime(at)}</time>` +
    `<span><strong>${html(promise)} violated</strong> by ${html(who)}<br>${says}</span></div>`
  )
}

function linkHtml({ violation: { promise, who, what } }: ViolationRow, index: number): string {
  const first = what.split('\n')[0] ?? ''
  return `<a class="found" href="#row-${index}">${html(promise)}, ${html(who)}: ${html(first)}</a>`
}

const ENTITIES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  [`'`, '&#39;'],
])

function html(text: string): string {
  return visible(text).replaceAll(/[&<>"']/g, (found) => ENTITIES.get(found) ?? found)
}
