/**
 * The badge's own CSS, put into the page by `useStyles`, and a file of its own (`styles.css`) for pages that show the
 * badge before scripts run. Apps change it by setting the variables, on any element above.
 *
 * Text and dots keep a contrast of at least 4.5 and 3 to the panel in both sets.
 */
export const STYLES = `
:where(:root) {
  --landfall-text: light-dark(#1c2430, #e8ecf2);
  --landfall-quiet: light-dark(#566172, #a3aebd);
  --landfall-surface: light-dark(#ffffff, #1d232c);
  --landfall-border: light-dark(#d5dae2, #3a4352);
  --landfall-good: light-dark(#17803d, #4ad07d);
  --landfall-busy: light-dark(#1d66d6, #6ea8ff);
  --landfall-waiting: light-dark(#8a6100, #e3b341);
  --landfall-problem: light-dark(#c02626, #ff7b72);
}
@supports not (color: light-dark(#000, #fff)) {
  :where(:root) {
    --landfall-text: #1c2430; --landfall-quiet: #566172; --landfall-surface: #fff; --landfall-border: #d5dae2;
    --landfall-good: #17803d; --landfall-busy: #1d66d6; --landfall-waiting: #8a6100; --landfall-problem: #c02626;
  }
}
.landfall-badge { position: relative; display: inline-block; font: inherit; }
.landfall-badge-button {
  display: inline-flex; align-items: center; gap: 0.5em; padding: 0.35em 0.75em; cursor: pointer;
  font: inherit; font-size: 0.875em; color: var(--landfall-text); white-space: nowrap;
  background: var(--landfall-surface); border: 1px solid var(--landfall-border); border-radius: 999px;
}
.landfall-badge-button:focus-visible { outline: 2px solid var(--landfall-busy); outline-offset: 2px; }
.landfall-badge-dot { width: 0.6em; height: 0.6em; border-radius: 50%; background: var(--landfall-quiet); }
.landfall-badge-announcer { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[data-tone='good'] > .landfall-badge-dot { background: var(--landfall-good); }
[data-tone='busy'] > .landfall-badge-dot { background: var(--landfall-busy); }
[data-tone='waiting'] > .landfall-badge-dot { background: var(--landfall-waiting); }
[data-tone='problem'] > .landfall-badge-dot { background: var(--landfall-problem); }
.landfall-badge-panel {
  position: absolute; inset-inline-end: 0; top: calc(100% + 0.4em); z-index: 20; width: max-content;
  max-width: min(22rem, 90vw); padding: 0.75em 1em; font-size: 0.875em; color: var(--landfall-text);
  background: var(--landfall-surface); border: 1px solid var(--landfall-border); border-radius: 0.6em;
  box-shadow: 0 6px 24px rgb(0 0 0 / 0.18);
}
.landfall-badge-panel[hidden] { display: none; }
.landfall-badge-panel ul { margin: 0; padding: 0; list-style: none; display: grid; gap: 0.4em; }
.landfall-badge-error { color: var(--landfall-problem); overflow-wrap: anywhere; }
`
