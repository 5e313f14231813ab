/** The few statistics a noisy machine allows. */

export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** By linear interpolation between the neighbours. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = ((sorted.length - 1) * percent) / 100
  const below = sorted[Math.floor(place)]
  const above = sorted[Math.ceil(place)]
  if (below === undefined || above === undefined) throw new Error('No measurements.')
  return below + (above - below) * (place - Math.floor(place))
}
