/** What is wrong with a table's capture, in words: its shape when the triggers were put in place, against that of now (pure). */

/** A text of the catalog by what it describes: `trigger landfall_landfall_insert on public.items` -> `firing always`. */
export type Shape = { [what: string]: string }

/** Differences that are told; a swapped table alone has a dozen. */
const MOST_TOLD = 3
/** Definitions and digests tell people nothing. */
const LONGEST_VALUE = 60

/** null: nothing that matters has changed. */
export function problemOf(was: Shape, is: Shape): string | null {
  if (is['the table'] === undefined) return 'the table is missing'
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])]
  const found = names.flatMap((name) => difference(name, was[name], is[name]) ?? [])
  if (found.length === 0) return null
  const more = found.length > MOST_TOLD ? `; ${found.length - MOST_TOLD} more` : ''
  return found.slice(0, MOST_TOLD).join('; ') + more
}

function difference(name: string, was: string | undefined, is: string | undefined): string | null {
  if (was === is) return null
  if (was === undefined) return `${name} is new`
  if (is === undefined) return `${name} is missing`
  return is.length + was.length > LONGEST_VALUE ? `${name} has changed` : `${name} is ${is}, not ${was}`
}
