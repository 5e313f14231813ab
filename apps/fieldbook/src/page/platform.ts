/** What the page takes from the browser that is not repeatable: time, timers and fresh ids. */
export const now = (): number => Date.now()

export const newId = (): string => crypto.randomUUID()

/** The local calendar day, as Postgres writes a date. */
export function today(at = now()): string {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** Calls back once; the returned function cancels. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}
