/**
 * Three-way merge of texts by lines, after diff3 (Khanna, Kunal, Pierce, "A Formal Investigation of Diff3", 2007).
 *
 * Lines of the base that both sides kept divide the text into stretches. A stretch that only one side changed is taken
 * from that side; one that both changed differently has no merge. Edits of adjacent lines count as one stretch: better
 * a person looks at them. Pure; knows nothing of columns.
 */

export type Texts = { base: string; mine: string; theirs: string }

/** How many pairs of lines may still be compared: all merges of a push share one allowance (P10). */
export type Effort = { pairs: number }

export const EFFORT_OF_A_PUSH = 20_000_000

/** null when both sides changed the same lines, or when the texts are too long for what is left of the effort. */
export function mergeText({ base, mine, theirs }: Texts, effort: Effort): string | null {
  const lines = { base: base.split('\n'), mine: mine.split('\n'), theirs: theirs.split('\n') }
  const toMine = matchLines(lines.base, lines.mine, effort)
  const toTheirs = matchLines(lines.base, lines.theirs, effort)
  if (toMine === null || toTheirs === null) return null
  const merged: string[] = []
  let at = { base: 0, mine: 0, theirs: 0 }
  for (let b = 0; b <= lines.base.length; b++) {
    const atEnd = b === lines.base.length
    const m = atEnd ? lines.mine.length : toMine[b]
    const t = atEnd ? lines.theirs.length : toTheirs[b]
    if (m === undefined || m < 0 || t === undefined || t < 0) continue
    const stretch = mergeStretch(
      lines.base.slice(at.base, b),
      lines.mine.slice(at.mine, m),
      lines.theirs.slice(at.theirs, t),
    )
    if (stretch === null) return null
    merged.push(...stretch, ...lines.base.slice(b, b + 1))
    at = { base: b + 1, mine: m + 1, theirs: t + 1 }
  }
  return merged.join('\n')
}

function mergeStretch(base: string[], mine: string[], theirs: string[]): string[] | null {
  if (isEqual(mine, theirs) || isEqual(theirs, base)) return mine
  return isEqual(mine, base) ? theirs : null
}

const isEqual = (a: string[], b: string[]): boolean =>
  a.length === b.length && a.every((line, i) => line === b[i])

/** For each line of `from` its place in `to`, or -1: a longest common subsequence. null when it is too much work. */
function matchLines(from: string[], to: string[], effort: Effort): number[] | null {
  const start = commonStart(from, to)
  const end = commonStart(from.slice(start).reverse(), to.slice(start).reverse())
  const inner = { from: from.slice(start, from.length - end), to: to.slice(start, to.length - end) }
  const pairs = inner.from.length * inner.to.length
  if (pairs > effort.pairs) return null
  effort.pairs -= pairs
  const middle = longestCommon(inner.from, inner.to)
  return from.map((_, i) => {
    if (i < start) return i
    if (i >= from.length - end) return i + to.length - from.length
    const place = middle[i - start] ?? -1
    return place < 0 ? -1 : place + start
  })
}

function commonStart(a: string[], b: string[]): number {
  const differs = a.findIndex((line, i) => line !== b[i])
  return differs < 0 ? a.length : differs
}

function longestCommon(from: string[], to: string[]): number[] {
  const width = to.length + 1
  const lengths = new Uint32Array((from.length + 1) * width)
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0
  for (let i = from.length - 1; i >= 0; i--) {
    for (let j = to.length - 1; j >= 0; j--) {
      lengths[i * width + j] = from[i] === to[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const places = from.map(() => -1)
  for (let i = 0, j = 0; i < from.length && j < to.length; ) {
    if (from[i] === to[j]) places[i++] = j++
    else if (at(i + 1, j) >= at(i, j + 1)) i++
    else j++
  }
  return places
}
