/** What the right pane shows while no check is open. */
export function NoCheck() {
  return (
    <section className="check-pane none" aria-label="No check is open">
      <p>
        Pick a check, or move with <kbd>J</kbd> and <kbd>K</kbd>.
      </p>
      <p className="faint">
        Press <kbd>?</kbd> for all keys.
      </p>
    </section>
  )
}
