/** Where a file stands in the repository: which workspace, which part of it. */

export type Place = {
  /** `packages/engine`, `apps/fieldbook`; undefined at the root. */
  workspace: string | undefined
  /** `src`, `test`, `e2e`, `run`; undefined for a file beside them. */
  part: string | undefined
}

export function placeOf(path: string): Place {
  const [top, name, part, ...rest] = path.split('/')
  if ((top !== 'packages' && top !== 'apps') || name === undefined)
    return { workspace: undefined, part: undefined }
  return { workspace: `${top}/${name}`, part: rest.length > 0 ? part : undefined }
}

export function isTest(path: string): boolean {
  return ['test', 'e2e'].includes(placeOf(path).part ?? '')
}

/** Packages whose sources are pure but for their adapters. */
const PURE = ['packages/protocol', 'packages/schema', 'packages/engine', 'packages/server']

/** Simulated worlds: one look at a real clock, and a seed is no longer the same twice. */
const SIMULATED = /^packages\/(testkit|simulator)\/src\//

/** Where the real clock, randomness and timers may be reached. */
function isAdapter(path: string): boolean {
  return path.includes('/adapters/') || path.endsWith('/src/platform.ts')
}

export function isPure(path: string): boolean {
  const { workspace, part } = placeOf(path)
  const isPackage = PURE.includes(workspace ?? '') && part === 'src'
  return (isPackage || SIMULATED.test(path)) && !isAdapter(path)
}

/** Written by a script of the repository from what is checked itself. */
export function isGenerated(path: string): boolean {
  return /^packages\/[^/]+\/api\.md$/.test(path)
}
