/**
 * Simpler forms of one step: what shrinking tries once no step can be left out any more.
 *
 * Each form is smaller by its own measure (fewer statements, less time, fairer weather), so taking forms again and again
 * comes to an end. The boldest stands first. A step never becomes one that would break a promise by itself: the
 * last statement of a write that must be refused is the reason for the refusal, and stays.
 */
import { FAIR, type Weather } from '@landfall/testkit'
import type { Burst, Often, Step } from '../plan/plan.ts'

export function simplerSteps(step: Step): Step[] {
  switch (step.kind) {
    case 'write': {
      const { statements, refused } = step.write
      const kept = refused ? statements.slice(-1) : []
      const free = refused ? statements.slice(0, -1) : statements
      return fewer(free, 1 - kept.length).map((some) => ({
        ...step,
        write: { ...step.write, statements: [...some, ...kept] },
      }))
    }
    case 'foreign':
      return [
        ...withoutName(step),
        ...fewer(step.statements, 1).map((statements) => ({ ...step, statements })),
      ]
    case 'burst':
      return simplerBursts(step)
    case 'weather':
      return fairer(step.weather).map((weather) => ({ ...step, weather }))
    case 'pass':
    case 'clock jump':
    case 'restart postgres':
      return nearer(step.ms).map((ms) => ({ ...step, ms }))
    case 'clock drift':
      return nearer(step.msPerSecond).map((msPerSecond) => ({ ...step, msPerSecond }))
    case 'quota':
      return nearer(step.writes).map((writes) => ({ ...step, writes }))
    case 'kill engine':
      return [...seldomer(step), ...(step.loss === 'power' ? [{ ...step, loss: 'kill' as const }] : [])]
    case 'fail disk':
    case 'fail statement':
    case 'fail message':
    case 'fail postgres':
      return seldomer(step)
    default:
      return []
  }
}

function simplerBursts({ restartAfter, ...burst }: Burst): Burst[] {
  const interruption = restartAfter === undefined ? {} : { restartAfter }
  const calmer = restartAfter === undefined ? [] : [burst]
  const smaller: Burst[] = [
    ...fewer(burst.writes, 0).map((writes) => ({ ...burst, writes })),
    ...fewer(burst.programs, 0).map((programs) => ({ ...burst, programs })),
    ...burst.programs.flatMap((statements, n) =>
      fewer(statements, 1).map((some) => ({ ...burst, programs: burst.programs.with(n, some) })),
    ),
  ]
  return [...calmer, ...smaller.map((each) => ({ ...each, ...interruption }))]
}

/** Once is less than for ever. */
function seldomer<Planted extends { often?: Often }>(step: Planted): Planted[] {
  return step.often === 'for ever' ? [{ ...step, often: 'once' }] : []
}

/** Its halves, then all but one; at least so many stay. */
function fewer<T>(list: readonly T[], least: number): T[][] {
  if (list.length <= least) return []
  const half = Math.ceil(list.length / 2)
  const halves = list.length > 2 ? [list.slice(0, half), list.slice(half)] : []
  const allButOne = list.map((_, index) => list.toSpliced(index, 1))
  return least === 0 && list.length > 1 ? [[], ...halves, ...allButOne] : [...halves, ...allButOne]
}

/** A transaction that stays open becomes one that commits at once. */
function withoutName({ kind, statements, long }: Extract<Step, { kind: 'foreign' }>): Step[] {
  return long === undefined ? [] : [{ kind, statements }]
}

/** One unit, a tenth, a half; never nothing, which is the step left out. */
function nearer(amount: number): number[] {
  const size = Math.floor(Math.abs(amount))
  const sizes = [1, Math.floor(size / 10), Math.floor(size / 2)].filter((less) => less >= 1 && less < size)
  return [...new Set(sizes)].map((less) => Math.sign(amount) * less)
}

function fairer(weather: Weather): Weather[] {
  const names = Object.keys(FAIR) as (keyof Weather)[]
  const foul = names.filter((name) => weather[name] !== 0)
  const singly = foul.map((name) => ({ ...weather, [name]: 0 }))
  return foul.length > 1 ? [FAIR, ...singly] : singly
}
