/** Bounds on the length of functions and files, and the header every source file of a package opens with. */
import { placeOf } from './places.ts'
import type { Finding, Module, Repository } from './repository.ts'
import { child, dottedName, type Node, walk } from './walk.ts'

export const MAX_FUNCTION_LINES = 70
export const MAX_FILE_LINES = 400

const FUNCTIONS = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']

export function checkSizes({ modules }: Repository): Finding[] {
  return modules.flatMap((module) => [
    ...longFile(module),
    ...longFunctions(module),
    ...missingHeader(module),
  ])
}

function longFile({ path, text }: Module): Finding[] {
  const lines = text.trimEnd().split('\n').length
  if (lines <= MAX_FILE_LINES) return []
  const cure = `The file has ${lines} lines, ${MAX_FILE_LINES} are allowed: give each of its concepts a file of its own.`
  return [{ rule: 'file-length', file: path, line: 1, cure }]
}

function longFunctions({ path, program, lineAt }: Module): Finding[] {
  const findings: Finding[] = []
  const suites = suitesOf(program)
  walk(program, (node) => {
    if (!FUNCTIONS.includes(node.type) || suites.has(node)) return
    const line = lineAt(node.start)
    const lines = lineAt(node.end) - line + 1
    if (lines <= MAX_FUNCTION_LINES) return
    const cure = `The function has ${lines} lines, ${MAX_FUNCTION_LINES} are allowed: name its steps and move them out.`
    findings.push({ rule: 'function-length', file: path, line, cure })
  })
  return findings
}

/** A function that lists tests is a heading, and as long as its list. */
function suitesOf(program: Node): Set<Node> {
  const suites = new Set<Node>()
  walk(program, (node, ancestors) => {
    if (node.type !== 'CallExpression' || !/^(test|it|describe)(\.|$)/.test(calledName(node) ?? '')) return
    const around = ancestors.findLast((ancestor) => FUNCTIONS.includes(ancestor.type))
    if (around) suites.add(around)
  })
  return suites
}

/** `test` of `test(...)`, `test.each` of `test.each(...)(...)`. */
function calledName(call: Node): string | undefined {
  const callee = child(call, 'callee')
  return dottedName(callee?.type === 'CallExpression' ? child(callee, 'callee') : callee)
}

function missingHeader({ path, text }: Module): Finding[] {
  const { workspace, part } = placeOf(path)
  if (part !== 'src' || !workspace?.startsWith('packages/') || /^(#!.*\n)?\/\*/.test(text)) return []
  const cure = 'Open the file with a comment: its purpose, its mechanism, what it does not know.'
  return [{ rule: 'header', file: path, line: 1, cure }]
}
