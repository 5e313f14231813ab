/**
 * A mutant: one bug, planted on purpose into the real code, that some promise of the protocol's SPEC.md forbids.
 *
 * It is one exact piece of source text and what stands there instead. The text must occur exactly once, so that a
 * mutant whose code has moved on fails loudly, and never tests the wrong line or nothing at all.
 */

export type Mutant = {
  name: string
  /** Relative to the repository's root. */
  file: string
  find: string
  replace: string
  /** The promise that it breaks first. What catches it may be another: bugs seldom break one alone. */
  promise: string
  /** What a user would suffer. */
  why: string
}

/** The file's text with the bug in it. */
export function plant({ name, file, find, replace }: Mutant, source: string): string {
  const pieces = source.split(find)
  const [before, after] = pieces
  if (find === '' || before === undefined || after === undefined || pieces.length > 2)
    throw new Error(
      `${name}: its text is ${pieces.length - 1} times in ${file}, not once: find the place again, or drop the mutant`,
    )
  return before + replace + after
}
