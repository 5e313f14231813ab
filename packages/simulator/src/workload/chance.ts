/** Draws from a list and from odds: the two questions that a plan asks its random numbers. */
import type { SeededRandom } from '@landfall/testkit'

/** One item of a list that has some. */
export function pick<T>(list: readonly T[], random: SeededRandom): T {
  if (list.length === 0) throw new RangeError('nothing to pick from')
  return list[random.below(list.length)] as T // within the list
}

/** True with the given probability. */
export const chance = (probability: number, random: SeededRandom): boolean => random.number() < probability

/** As many items as asked for, or all, in a random order. */
export function sample<T>(list: readonly T[], count: number, random: SeededRandom): T[] {
  const rest = [...list]
  const taken: T[] = []
  while (rest.length > 0 && taken.length < count) taken.push(...rest.splice(random.below(rest.length), 1))
  return taken
}
