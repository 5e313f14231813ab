/**
 * All tidy checks, and the exceptions that are written down where they are made: a comment `tidy: <rule> — <reason>` on
 * the line of the finding or on the one above; for a finding of a whole file, anywhere in its first lines. An exception
 * that excepts nothing is a finding itself, so that none outlives its cause.
 */
import { checkImports } from './imports.ts'
import { checkLitter } from './litter.ts'
import { checkOutside } from './outside.ts'
import { checkReferences } from './references.ts'
import type { Finding, Module, Repository } from './repository.ts'
import { checkSizes } from './size.ts'
import { checkSpec } from './spec.ts'

type Exception = { rule: string; file: string; line: number; reason: string }

const CHECKS = {
  sizes: checkSizes,
  'the outside': checkOutside,
  imports: checkImports,
  rules: checkSpec,
  litter: checkLitter,
  references: checkReferences,
}

const HEAD_LINES = 30

/** What is found, under the name of the check that found it; `exceptions` are those without a reason or a cause. */
export function checkRepository(repository: Repository): Map<string, Finding[]> {
  const exceptions = repository.modules.flatMap(exceptionsOf)
  const used = new Set<Exception>()
  const isOpen = (finding: Finding): boolean => {
    const exception = exceptions.find((candidate) => covers(candidate, finding))
    if (exception) used.add(exception)
    return exception === undefined
  }
  const found = new Map<string, Finding[]>()
  for (const [name, check] of Object.entries(CHECKS)) found.set(name, check(repository).filter(isOpen))
  return found.set(
    'exceptions',
    exceptions.flatMap((exception) => exceptionFindings(exception, used.has(exception))),
  )
}

export function formatFinding({ file, line, rule, cure }: Finding): string {
  return `${file}:${line} [${rule}] ${cure}`
}

function exceptionsOf({ path, text }: Module): Exception[] {
  return text.split('\n').flatMap((line, index) => {
    const match = /(?:^|\s)\/\/ tidy: ([a-z-]+)(?: — (.*))?$/.exec(line)
    return match ? [{ rule: match[1] ?? '', file: path, line: index + 1, reason: match[2] ?? '' }] : []
  })
}

function covers(exception: Exception, finding: Finding): boolean {
  if (exception.rule !== finding.rule || exception.file !== finding.file) return false
  if (finding.line === 1) return exception.line <= HEAD_LINES
  return finding.line - exception.line === 0 || finding.line - exception.line === 1
}

function exceptionFindings({ rule, file, line, reason }: Exception, used: boolean): Finding[] {
  if (!used)
    return [
      { rule: 'exception', file, line, cure: `There is nothing to except as ${rule}: delete the comment.` },
    ]
  if (reason.length < 10)
    return [{ rule: 'exception', file, line, cure: `Say why: // tidy: ${rule} — the reason in a few words` }]
  return []
}
