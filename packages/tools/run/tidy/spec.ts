/**
 * SPEC.md and the tests name each other: every rule has a test, every test begins with the id of a rule.
 *
 * A rule is a line `- **P2.1** text`; those under "Not built yet" need no test and may have none, so that a rule that
 * has been built moves to its promise.
 */
import type { Finding, Module, Repository } from './repository.ts'
import { child, children, dottedName, leadingText, type Node, walk } from './walk.ts'

export const SPEC = 'packages/protocol/SPEC.md'

type Rule = { id: string; line: number; built: boolean }
type NamedTest = { file: string; line: number; name: string | undefined; marker: string | undefined }

export function checkSpec({ files, modules }: Repository): Finding[] {
  const rules = parseSpec(files.get(SPEC) ?? '')
  const tests = modules.flatMap(testsOf)
  const shown = new Set(tests.flatMap((test) => idsOf(test.name)))
  return [...ruleFindings(rules, shown), ...tests.flatMap((test) => testFindings(test, rules))]
}

export function parseSpec(text: string): Rule[] {
  const rules: Rule[] = []
  let built = true
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('## ')) built = line !== '## Not built yet'
    const id = /^- \*\*([A-Z]\d+(?:\.\d+)*)\*\* \S/.exec(line)?.[1]
    if (id !== undefined) rules.push({ id, line: index + 1, built })
  }
  return rules
}

function ruleFindings(rules: Rule[], shown: Set<string>): Finding[] {
  const seen = new Set<string>()
  return rules.flatMap(({ id, line, built }) => {
    const finding = { file: SPEC, line }
    if (seen.has(id))
      return [{ ...finding, rule: 'rule-id', cure: `${id} stands here twice: give one another id.` }]
    seen.add(id)
    if (built && !shown.has(id))
      return [{ ...finding, rule: 'rule-without-test', cure: `No test begins with [${id}]: write it.` }]
    if (!built && shown.has(id))
      return [{ ...finding, rule: 'rule-id', cure: `${id} has a test: move it out of "Not built yet".` }]
    return []
  })
}

function testFindings({ file, line, name, marker }: NamedTest, rules: Rule[]): Finding[] {
  if (marker !== undefined)
    return [{ rule: 'test-marker', file, line, cure: `test.${marker} hides tests: run it, or delete it.` }]
  if (name === undefined)
    return [{ rule: 'test-name', file, line, cure: 'Write the name as a text here, with its rule: [P2] ...' }]
  const ids = idsOf(name)
  if (ids.length === 0)
    return [{ rule: 'test-name', file, line, cure: `Begin the name with the rule it shows: [P2] ${name}` }]
  return ids
    .filter((id) => !rules.some((rule) => rule.id === id))
    .map((id) => ({
      rule: 'test-without-rule',
      file,
      line,
      cure: `${SPEC} has no rule ${id}: add it, or correct the id.`,
    }))
}

/** `[P2]`, `[P2] [P5.1]` and `[P2, P5.1]` at the beginning. */
function idsOf(name: string | undefined): string[] {
  const heads = /^(\s*\[[^\]]*\])+/.exec(name ?? '')?.[0] ?? ''
  return heads.match(/[A-Z]\d+(\.\d+)*/g) ?? []
}

const RUNNERS = ['vitest', '@playwright/test']

function testsOf(module: Module): NamedTest[] {
  if (!usesRunner(module)) return []
  const tests: NamedTest[] = []
  walk(module.program, (node) => {
    const marker = node.type === 'CallExpression' ? markerOf(child(node, 'callee')) : undefined
    if (marker === undefined) return
    const name = leadingText(children(node, 'arguments')[0])
    const at = { file: module.path, line: module.lineAt(node.start) }
    tests.push({ ...at, name, marker: ['only', 'skip', 'todo'].includes(marker) ? marker : undefined })
  })
  return tests
}

/** A file that imports a runner, or a fixture of Playwright's made from it. */
function usesRunner({ program, path }: Module): boolean {
  if (/\/(test|e2e)\//.test(path)) return true
  return children(program, 'body').some((node) => RUNNERS.includes(leadingText(child(node, 'source')) ?? ''))
}

/** '' for `test(...)`, its last member for `test.fails(...)`, and the same of `test.each(...)(...)`; else undefined. */
function markerOf(callee: Node | undefined): string | undefined {
  const name = dottedName(callee) ?? curriedName(callee)
  const [root, ...members] = name?.split('.') ?? []
  if (root !== 'test' && root !== 'it') return undefined
  if (members.some((member) => !MODIFIERS.includes(member))) return undefined
  if (callee?.type === 'MemberExpression' && CURRIED.includes(members.at(-1) ?? '')) return undefined
  return members.find((member) => ['only', 'skip', 'todo'].includes(member)) ?? members.at(-1) ?? ''
}

const CURRIED = ['each', 'for', 'runIf', 'skipIf', 'extend', 'prop']
const MODIFIERS = [...CURRIED, 'only', 'skip', 'todo', 'fails', 'fail', 'concurrent', 'sequential']

function curriedName(callee: Node | undefined): string | undefined {
  if (callee?.type === 'CallExpression') return dottedName(child(callee, 'callee'))
  return callee?.type === 'TaggedTemplateExpression' ? dottedName(child(callee, 'tag')) : undefined
}
