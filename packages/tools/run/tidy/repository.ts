/**
 * The repository as the tidy checks see it: its text files, and the syntax trees of its modules.
 *
 * The files are those git tracks or would track, so that new work is checked before it is committed. Checks are pure
 * functions of this value; tests build one from a few lines of text.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseAst } from 'rolldown/parseAst'
import type { Node } from './walk.ts'

export type Module = { path: string; text: string; program: Node; lineAt(offset: number): number }

export type Repository = { files: ReadonlyMap<string, string>; modules: readonly Module[] }

/** `cure` says what to do; `rule` is the name an exception is written with. */
export type Finding = { rule: string; file: string; line: number; cure: string }

const MODULE = /\.(ts|tsx|mts|mjs)$/
const BINARY = /\.(png|ico|jpg|webp|woff2|wasm|db|sqlite|gz|br)$/

export function loadRepository(root: string): Repository {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64_000_000,
  })
  const paths = listed.split('\0').filter((path) => path !== '' && isFile(join(root, path)))
  return repositoryOf(
    paths.map((path) => [path, BINARY.test(path) ? '' : readFileSync(join(root, path), 'utf8')]),
  )
}

export function repositoryOf(files: Iterable<[path: string, text: string]>): Repository {
  const map = new Map(files)
  const modules = [...map]
    .filter(([path]) => MODULE.test(path))
    .map(([path, text]) => parseModule(path, text))
  return { files: map, modules }
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}

function parseModule(path: string, text: string): Module {
  const lang = path.endsWith('.tsx') ? 'tsx' : path.endsWith('.mjs') ? 'js' : 'ts'
  const starts = lineStarts(text)
  return { path, text, program: parse(path, text, lang), lineAt: (offset) => lineOf(starts, offset) }
}

function parse(path: string, text: string, lang: 'ts' | 'tsx' | 'js'): Node {
  try {
    return parseAst(text, { lang }) as unknown as Node
  } catch (error) {
    throw new Error(`${path} cannot be parsed`, { cause: error })
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** The last line that begins at or before the offset; lines count from 1. */
function lineOf(starts: number[], offset: number): number {
  let low = 0
  let high = starts.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle
  }
  return low + 1
}
