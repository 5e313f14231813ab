/**
 * What comments and documents refer to is there: files, rules, headings of ARCHITECTURE.md, links, and names of code.
 *
 * A file is named by any end of its path (`store/seal.ts`); a rule by its id; a name of code by its
 * capitals inside and backticks around; some module says it outside of a comment, unless it is somebody's (React's `useId`). Code blocks of documents are the reader's own files, and are
 * compiled instead. Does not know whether what is said about them is true.
 */
import { isGenerated } from './places.ts'
import type { Finding, Module, Repository } from './repository.ts'

/** A piece of prose, and the line it begins at. */
type Prose = { file: string; line: number; text: string }

type Known = {
  files: ReadonlyMap<string, string>
  rules: ReadonlySet<string>
  headings: ReadonlySet<string>
  names: ReadonlySet<string>
}

type Reference = {
  rule: string
  pattern: RegExp
  isThere(named: string, known: Known, file: string): boolean
  cure: string
}

const REFERENCES: readonly Reference[] = [
  {
    rule: 'reference-file',
    pattern:
      /(?<!\]\(|[\w/.*}-])((?:\.{0,2}\/)?(?:[\w@.-]+\/)*[\w-][\w.-]*\.(?:tsx?|mjs|md|sql|yml))(?![\w/*])/g,
    isThere: (named, { files }) => endsAPath(named.replace(/^(\.{1,2}\/)+/, ''), files),
    cure: 'is no file here: name the one that is meant.',
  },
  {
    rule: 'reference-rule',
    pattern: /(?<![\w$.'"/`#-])([PTF]\d{1,2}(?:\.\d{1,2})*)(?![\w'"`-])/g,
    isThere: (named, { rules }) => rules.has(named),
    cure: 'is no rule of a SPEC.md: correct the id.',
  },
  {
    rule: 'reference-heading',
    pattern: /ARCHITECTURE(?:\.md)?[:,] "([^"]+)"/g,
    isThere: (named, { headings }) => headings.has(named),
    cure: 'is no heading of ARCHITECTURE.md.',
  },
  {
    rule: 'reference-name',
    pattern: /(?<!['’]s )`([a-z]+[A-Z]\w*)(?:\(\))?`/g,
    isThere: (named, { names }) => names.has(named),
    cure: 'is no name in the code: say what it is called now.',
  },
]

export function checkReferences({ files, modules }: Repository): Finding[] {
  const known: Known = {
    files,
    rules: new Set([...files].flatMap(([path, text]) => (path.endsWith('SPEC.md') ? rulesIn(text) : []))),
    headings: new Set(headingsIn(files.get('ARCHITECTURE.md') ?? '')),
    names: new Set(modules.flatMap(({ text }) => withoutComments(text).match(/[A-Za-z_$][\w$]*/g) ?? [])),
  }
  const documents = [...files].filter(([path]) => path.endsWith('.md') && !isGenerated(path))
  const prose = [...modules.flatMap(commentsOf), ...documents.map(proseOf)]
  return [
    ...prose.flatMap((piece) => REFERENCES.flatMap((reference) => missing(reference, piece, known))),
    ...documents.flatMap(([file, text]) => deadLinks(file, text, files)),
  ]
}

function missing(
  { rule, pattern, isThere, cure }: Reference,
  { file, line, text }: Prose,
  known: Known,
): Finding[] {
  return [...text.matchAll(pattern)]
    .filter(([, named = '']) => !isThere(named, known, file))
    .map(({ 1: named = '', index }) => ({
      rule,
      file,
      line: line + linesBefore(text, index),
      cure: `${named} ${cure}`,
    }))
}

const COMMENT = /\/\*[\s\S]*?\*\/|(?<![:'"`\w/])\/\/[^\n]*/g

function commentsOf({ path, text }: Module): Prose[] {
  return [...text.matchAll(COMMENT)].map(({ 0: comment, index }) => ({
    file: path,
    line: 1 + linesBefore(text, index),
    text: comment.replaceAll(/```[\s\S]*?```/g, blank),
  }))
}

function withoutComments(text: string): string {
  return text.replaceAll(COMMENT, '')
}

/** A document without its code blocks; the lines stay where they are. */
function proseOf([file, text]: [string, string]): Prose {
  return { file, line: 1, text: text.replaceAll(/^```[\s\S]*?^```/gm, blank) }
}

const blank = (text: string): string => text.replaceAll(/[^\n]/g, '')

function rulesIn(text: string): string[] {
  return [...text.matchAll(/^(?:## |- \*\*)([A-Z]\d+(?:\.\d+)*)(?:\*\*)? /gm)].map(([, id = '']) => id)
}

function headingsIn(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
}

function endsAPath(named: string, files: ReadonlyMap<string, string>): boolean {
  for (const path of files.keys()) if (path === named || path.endsWith(`/${named}`)) return true
  return false
}

/** Links to files of the repository, with their headings. */
function deadLinks(file: string, text: string, files: ReadonlyMap<string, string>): Finding[] {
  const prose = proseOf([file, text]).text
  return [...prose.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
    .filter(({ 1: target = '', 2: heading }) => {
      const path = target === '' ? file : resolved(file, target)
      if (path.endsWith('/')) return ![...files.keys()].some((name) => name.startsWith(path))
      const linked = files.get(path)
      return linked === undefined || (heading !== undefined && !slugsIn(linked).includes(heading))
    })
    .map(({ 0: link, index }) => ({
      rule: 'reference-link',
      file,
      line: 1 + linesBefore(prose, index),
      cure: `${link.slice(1)} leads nowhere.`,
    }))
}

function resolved(from: string, target: string): string {
  return new URL(target, `file:///${from}`).pathname.slice(1)
}

/** As GitHub makes anchors of headings. */
function slugsIn(text: string): string[] {
  return headingsIn(text).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  )
}

function linesBefore(text: string, index: number): number {
  return text.slice(0, index).split('\n').length - 1
}
