/** The check of the public surface finds what is planted for it, and nothing in what is allowed. */
import { describe, expect, test } from 'vitest'
import { checkSurface } from '../run/api/check.ts'
import { apiMarkdown } from '../run/api/markdown.ts'
import { Surface } from '../run/api/surface.ts'
import { repositoryOf } from '../run/tidy/repository.ts'

const FOLDER = 'packages/client'
const MANIFEST = { exports: { '.': { '@landfall/source': './src/index.ts' } } }

function planted(files: { [file: string]: string }): Surface {
  const sources = Object.entries(files).map(([file, text]): [string, string] => [
    `${FOLDER}/src/${file}`,
    text,
  ])
  return new Surface(repositoryOf([[`${FOLDER}/package.json`, JSON.stringify(MANIFEST)], ...sources]))
}

const found = (files: { [file: string]: string }): string[] => {
  const surface = planted(files)
  return checkSurface(surface, surface.entriesOf(FOLDER), new Set(['offline', 'too_large'])).findings.map(
    ({ rule, cure }) => `${rule}: ${cure}`,
  )
}

const DOC = '/** Starts the worker. */\n'

describe('docstrings', () => {
  test.each([
    ['a name without one', 'export function open(): void {}', ['open']],
    ['a name with one', `${DOC}export function open(): void {}`, []],
    ['one that restates the name', '/** Opens. */ export function open(): void {}', ['open']],
    ['one before something else', `${DOC}const a = 1\nexport function open(): void {}`, ['open']],
    ['an option without one', `${DOC}export type Options = { size?: number }`, ['Options.size']],
    [
      'one that restates the option',
      `${DOC}export type Options = { /** Its size */ size: number }`,
      ['Options.size'],
    ],
    ['an option that must be left out', `${DOC}export type Options = { size?: undefined }`, []],
    ['a nested option', `${DOC}export type A = { /** How. */ b: { /** Wide. */ c: 1; d: 2 } }`, ['A.b.d']],
    ['a method without one', `${DOC}export class A { close(): void {} }`, ['A.close']],
    ['a private method', `${DOC}export class A { #close(): void {}\n private b = 1 }`, []],
    ['an internal method', `${DOC}export class A { /** @internal */ close(): void {} }`, []],
  ])('[T6.2] %s', (_, text, missing) => {
    expect(found({ 'index.ts': text })).toEqual(missing.map((path) => `docstring: Say what ${path} does.`))
  })
})

test.each([
  ['a type that is not exported', `${DOC}export type B = 1`, ['B']],
  ['shorthand of its module', `type B = 1`, []],
  ['an internal type', '/** @internal */ export type B = 1', []],
])('[T6.2] a public signature uses %s', (_, declared, names) => {
  const index = "export { open } from './open.ts'"
  const files = { 'index.ts': index, 'open.ts': `${declared}\n${DOC}export function open(b: B): void {}` }
  expect(found(files)).toEqual(
    names.map(
      (name) => `unnamed-type: The public surface uses ${name}: export it, or use a type that is public.`,
    ),
  )
})

test('[T6.2] a docstring names a code that is not in the catalogue', () => {
  const text =
    '/** Sends it. Rejects with `offline`, `to_large` or `too_large`. */ export function send(): void {}'
  expect(found({ 'index.ts': text })).toEqual(['error-code: The catalogue has no code to_large.'])
})

test('[T6.1] api.md has names in order, overloads, and no bodies', () => {
  const surface = planted({
    'index.ts': "export { b } from './b.ts'\nexport type { A } from './b.ts'",
    'b.ts': `/** Twice. */
export function b(x: 1): 1
export function b(x: 2): 2
export function b(x: number): number { return x }
/** A class. */
export class A { /** Runs. */ async run(): Promise<void> { await 0 }\n #b = 1 }`,
  })
  expect(apiMarkdown(surface.entriesOf(FOLDER)).split('\n').slice(4)).toEqual([
    '## @landfall/client',
    '',
    '### A',
    '',
    'A class.',
    '',
    '```ts',
    'class A {',
    '  /** Runs. */',
    '  run(): Promise<void>',
    '}',
    '```',
    '',
    '### b',
    '',
    'Twice.',
    '',
    '```ts',
    'function b(x: 1): 1',
    'function b(x: 2): 2',
    '```',
    '',
  ])
})
