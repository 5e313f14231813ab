/**
 * Style and script of the story's page.
 *
 * Each row is a grid of its own with the same columns, so that a long story needs no layout across rows. The lanes' life
 * lines are one repeated gradient behind each row; an event's text begins at its lane and runs over those to its
 * right. The script hides the rows of lanes that are unticked; without it the page reads as well.
 */

const COLOURS = `
:root { color-scheme: light dark; --page: #fff; --text: #1b1f24; --dim: #667080; --line: #c4cad3;
  --stripe: #f3f5f8; --dot: #2563eb; --fault: #b45309; --fault-page: #fff4e0; --bad: #c41230; --link: #c41230 }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171c; --text: #dfe3e9; --dim: #8d97a5; --line: #3b434e;
    --stripe: #1c2128; --dot: #6ea0ff; --fault: #f5b04c; --fault-page: #33270f; --bad: #c8203f; --link: #ff7188 }
}`

const LAYOUT = `
body { margin: 0; padding: 0 1rem 4rem; background: var(--page); color: var(--text);
  font: 13px/1.45 system-ui, sans-serif; --time: 7.5rem; --wide: 7.5rem; --side: 24rem;
  min-width: calc(var(--time) + var(--lanes) * var(--wide) + 18rem + var(--side)) }
h1 { font-size: 1.3rem; margin: 1rem 0 0 } header p { margin: .3rem 0; max-width: 80rem }
code, time, .event, .state { font-family: ui-monospace, monospace; font-size: 12px }
.chip { display: inline-block; padding: 0 .5em; border-radius: 1em; color: var(--fault); background: var(--fault-page) }
.found { display: block; width: fit-content; margin: .2rem 0; color: var(--link); font-weight: 600 }
.row { display: grid; min-height: 1.6rem; align-items: center; column-gap: 0; grid-template-columns: var(--time)
    repeat(var(--lanes), var(--wide)) minmax(18rem, 1fr) var(--side);
  background: repeating-linear-gradient(to right, transparent 0 5px, var(--line) 5px 6px, transparent 6px var(--wide))
    var(--time) 0 / calc(var(--lanes) * var(--wide)) 100% no-repeat }
.row[hidden] { display: none }
.row:hover { background-color: var(--stripe) }
time, .state { color: var(--dim) } .state { grid-column: -2; padding-left: 1rem; overflow-wrap: anywhere }
.lanes { position: sticky; top: 0; z-index: 1; background: var(--page); border-bottom: 1px solid var(--line);
  font-weight: 600; min-height: 2.2rem }
.lanes label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; cursor: pointer }
.lanes input { margin: 0 .2rem 0 -.05rem; width: 12px }
.event { grid-column: calc(var(--lane) + 2) / -2; display: flex; align-items: baseline; min-width: 0 }
.event::before { content: ''; flex: none; width: 11px; height: 11px; margin-right: .4rem; border-radius: 50%;
  background: var(--dot) }
.event span { padding: 0 .35rem; background: var(--page); overflow-wrap: anywhere }
.row:hover .event span { background: var(--stripe) }
.fault .event::before { border-radius: 2px; transform: rotate(45deg); background: var(--fault) }
.fault .event span, .row.fault:hover .event span { color: var(--fault); background: var(--fault-page); border-radius: 3px }
.violation { display: grid; grid-template-columns: var(--time) 1fr; padding: .5rem 0; margin: .2rem 0;
  background: var(--bad); color: #fff; scroll-margin-top: 3rem }
.violation time { color: #fff; padding-left: .3rem } .violation:target { outline: 3px solid var(--fault) }`

export const STYLE = `${COLOURS}${LAYOUT}\n`

export const SCRIPT = `
const boxes = [...document.querySelectorAll('input[data-lane]')]
addEventListener('change', () => {
  const shown = new Set(boxes.filter((box) => box.checked).map((box) => box.dataset.lane))
  for (const row of document.querySelectorAll('.row[data-lane]')) row.hidden = !shown.has(row.dataset.lane)
})
`
