/**
 * The clock, randomness and timers: only in adapters of the pure packages, and no test may sleep.
 *
 * Hashing is a function and stays allowed; what draws random bytes does not.
 */
import { isPure, isTest } from './places.ts'
import type { Finding, Module, Repository } from './repository.ts'
import { child, children, dottedName, type Node, walk } from './walk.ts'

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate', 'scheduler.wait', 'requestAnimationFrame']
const CLOCKS = [
  'Date.now',
  'performance.now',
  'process.hrtime',
  'process.hrtime.bigint',
  'Temporal.Now.instant',
]
const CHANCE = [
  'Math.random',
  'crypto.randomUUID',
  'crypto.getRandomValues',
  'randomUUID',
  'randomBytes',
  'randomInt',
]
const SLEEPS = ['setTimeout', 'Atomics.wait', 'Bun.sleep', 'scheduler.wait']

export function checkOutside({ modules }: Repository): Finding[] {
  return modules.flatMap((module) => [
    ...(isPure(module.path) ? impurities(module) : []),
    ...(isTest(module.path) ? sleeps(module) : []),
  ])
}

function impurities(module: Module): Finding[] {
  return uses(module, (name, node) => {
    if (TIMERS.includes(name))
      return { rule: 'timer', cure: `Take ${name} through a port; adapters/ may use it.` }
    if (CLOCKS.includes(name) || isNow(node))
      return { rule: 'clock', cure: 'Take the time through the Clock port; adapters/ may read the clock.' }
    if (CHANCE.includes(name))
      return { rule: 'randomness', cure: 'Take randomness through a port; adapters/ may draw it.' }
    return undefined
  })
}

function sleeps(module: Module): Finding[] {
  return uses(module, (name) =>
    SLEEPS.includes(name) || name.endsWith('.waitForTimeout')
      ? {
          rule: 'sleep',
          cure: `${name} sleeps: wait for the event that the test is about, or use virtual time.`,
        }
      : undefined,
  )
}

type Judge = (name: string, node: Node) => { rule: string; cure: string } | undefined

/** Judges every name that is called, constructed or handed on; node:timers counts as its functions. */
function uses({ path, program, lineAt }: Module, judge: Judge): Finding[] {
  const findings: Finding[] = []
  walk(program, (node, ancestors) => {
    const name = usedName(node, ancestors.at(-1))
    const verdict = name === undefined ? undefined : judge(name, node)
    if (verdict) findings.push({ ...verdict, file: path, line: lineAt(node.start) })
  })
  return findings
}

function usedName(node: Node, parent: Node | undefined): string | undefined {
  if (
    node.type === 'ImportDeclaration' &&
    /^(node:)?timers(\/promises)?$/.test(String(child(node, 'source')?.['value']))
  )
    return 'setTimeout'
  if (node.type === 'NewExpression') return dottedName(child(node, 'callee'))
  if (node.type === 'MemberExpression') return bare(dottedName(node) ?? memberOfAnything(node))
  if (node.type !== 'Identifier' || !isValue(node, parent)) return undefined
  return String(node['name'])
}

function bare(name: string | undefined): string | undefined {
  return name?.replace(/^(globalThis|window|self)\./, '')
}

/** `(await page()).waitForTimeout` has no dotted name, yet a last part. */
function memberOfAnything(node: Node): string | undefined {
  const last = dottedName(child(node, 'property'))
  return last === undefined ? undefined : `?.${last}`
}

/** Not a property's, parameter's or type's name. */
function isValue(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return false
  if (parent.type === 'CallExpression')
    return parent['callee'] === node || children(parent, 'arguments').includes(node)
  if (parent.type === 'Property') return parent['value'] === node && parent['key'] !== node
  return ['VariableDeclarator', 'AssignmentExpression', 'ReturnStatement', 'LogicalExpression'].includes(
    parent.type,
  )
}

function isNow(node: Node): boolean {
  return (
    node.type === 'NewExpression' &&
    dottedName(child(node, 'callee')) === 'Date' &&
    children(node, 'arguments').length === 0
  )
}
