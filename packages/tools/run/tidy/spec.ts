/**
 * The rules and the tests name each other: every rule has a test, every test begins with the id of a rule.
 *
 * Rules stand in the SPEC.md of a package or an app. A rule is a line `- **P2.1** text`; an id stands once, and ids rise
 * within a section. Those under "Not built yet" need no test and may have none, so that a rule that has been built moves
 * to its promise.
 */
import type { Finding, Module, Repository } from './repository.ts'
import { child, children, dottedName, leadingText, type Node, walk } from './walk.ts'

const SPEC = /^(packages|apps)\/[^/]+\/SPEC\.md$/

type Rule = { id: string; file: string; line: number; section: string; built: boolean }
type NamedTest = { file: string; line: number; name: string | undefined; marker: string | undefined }

export function checkSpec({ files, modules }: Repository): Finding[] {
  const specs = [...files].filter(([path]) => SPEC.test(path))
  const rules = specs.flatMap(([path, text]) => rulesOf(path, text))
  const tests = modules.flatMap(testsOf)
  const shown = new Set(tests.flatMap((test) => idsOf(test.name)))
  return [
    ...ruleFindings(rules, shown),
    ...disorder(rules),
    ...tests.flatMap((test) => testFindings(test, rules)),
  ]
}

function rulesOf(file: string, text: string): Rule[] {
  const rules: Rule[] = []
  let section = ''
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('## ')) section = line
    const id = /^- \*\*([A-Z]\d+(?:\.\d+)*)\*\* \S/.exec(line)?.[1]
    const built = section !== '## Not built yet'
    if (id !== undefined) rules.push({ id, file, line: index + 1, section, built })
  }
  return rules
}

function ruleFindings(rules: Rule[], shown: Set<string>): Finding[] {
  const seen = new Set<string>()
  return rules.flatMap(({ id, file, line, built }) => {
    const finding = { file, line }
    if (seen.has(id))
      return [{ ...finding, rule: 'rule-id', cure: `${id} is a rule already: give one another id.` }]
    seen.add(id)
    if (built && !shown.has(id))
      return [{ ...finding, rule: 'rule-without-test', cure: `No test begins with [${id}]: write it.` }]
    if (!built && shown.has(id))
      return [{ ...finding, rule: 'rule-id', cure: `${id} has a test: move it out of "Not built yet".` }]
    return []
  })
}

/** Rules that stand after one of a higher number. */
function disorder(rules: Rule[]): Finding[] {
  return rules.flatMap(({ id, file, line, section }, at) => {
    const before = rules[at - 1]
    if (before === undefined || before.file !== file || before.section !== section) return []
    if (before.id.localeCompare(id, 'en', { numeric: true }) <= 0) return []
    return [{ rule: 'rule-order', file, line, cure: `${id} stands after ${before.id}: sort by number.` }]
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
      cure: `No SPEC.md has a rule ${id}: add it, or correct the id.`,
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
