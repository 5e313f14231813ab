/** Each tidy check finds the violation that is planted for it, at its line, and nothing in what is allowed. */
import { describe, expect, test } from 'vitest'
import { checkRepository } from '../run/tidy/check.ts'
import { repositoryOf } from '../run/tidy/repository.ts'

const HEADER = '/** A planted file. */\n'
const TIDY = `${'//'} tidy:`

/** The rules that planted files break, as `rule:line`; what each file of its kind needs is planted along with it. */
function broken(files: Record<string, string>): string[] {
  const whole = repositoryOf(Object.entries({ ...surroundings(Object.keys(files)), ...files }))
  return [...checkRepository(whole).values()].flat().map(({ rule, line }) => `${rule}:${line}`)
}

/** One file with a header on its first line. */
const plant = (path: string, code: string): string[] => broken({ [path]: HEADER + code })

function surroundings(paths: string[]): Record<string, string> {
  const workspaces = paths
    .map((path) => path.split('/').slice(0, 2).join('/'))
    .filter((path) => path.includes('/'))
  const readmes = workspaces.map((workspace) => [`${workspace}/README.md`, '# It\n'])
  return { 'tsconfig.json': JSON.stringify(workspaces), ...Object.fromEntries(readmes) }
}

const lines = (count: number, line = '  a()\n'): string => line.repeat(count)

describe('sizes', () => {
  test.each([
    ['a function of 70 lines', `function f() {\n${lines(68)}}\n`, []],
    ['a function of 71 lines', `function f() {\n${lines(69)}}\n`, ['function-length:2']],
    ['an arrow of 71 lines', `\n\nconst f = () => {\n${lines(69)}}\n`, ['function-length:4']],
    ['a method of 71 lines', `class A {\n  f() {\n${lines(69)}}\n}\n`, ['function-length:3']],
    ['a list of tests', `describe('x', () => {\n${lines(90, "  test('[P1] x', f)\n")}})\n`, []],
    ['a file of 400 lines', lines(399), []],
    ['a file of 401 lines', lines(400), ['file-length:1']],
  ])('[T4.1] %s', (_, code, expected) => {
    expect(plant('packages/client/src/a.ts', code)).toEqual(expected)
  })

  test('[T4.1] a source file without a header', () => {
    expect(broken({ 'packages/client/src/a.ts': 'const a = 1\n' })).toEqual(['header:1'])
    expect(broken({ 'packages/client/test/a.ts': 'const a = 1\n' })).toEqual([])
    expect(broken({ 'apps/bench/src/a.ts': 'const a = 1\n' })).toEqual([])
  })
})

describe('the outside', () => {
  test.each([
    ['Date.now()', 'clock'],
    ['new Date()', 'clock'],
    ['performance.now()', 'clock'],
    ['Math.random()', 'randomness'],
    ['crypto.randomUUID()', 'randomness'],
    ['globalThis.crypto.getRandomValues(a)', 'randomness'],
    ['setTimeout(f, 1)', 'timer'],
    ['const later = setTimeout', 'timer'],
    ['const port = { now: Date.now }', 'clock'],
    ["import { setTimeout as s } from 'node:timers/promises'", 'timer'],
  ])('[T4.2] a pure package does not reach the outside: %s', (code, rule) => {
    expect(plant('packages/engine/src/a.ts', code)).toEqual([`${rule}:2`])
    expect(plant('packages/server/src/adapters/a.ts', code)).toEqual([])
    expect(plant('packages/client/src/a.ts', code)).toEqual([])
  })

  test.each([
    'new Date(0)',
    'clock.now()',
    'const o = { setTimeout: 1 }',
    "'Date.now()'",
    'crypto.subtle.digest(a, b)',
  ])('[T4.2] what only looks like the outside is allowed: %s', (code) => {
    expect(plant('packages/engine/src/a.ts', code)).toEqual([])
  })

  test.each([
    'await new Promise((r) => setTimeout(r, 50))',
    'await page.waitForTimeout(50)',
    'await (await f()).waitForTimeout(50)',
    "import { setTimeout } from 'node:timers/promises'",
    'Atomics.wait(a, 0, 0)',
  ])('[T4.3] a test that sleeps: %s', (code) => {
    expect(plant('packages/client/test/a.ts', code)).toEqual(['sleep:2'])
    expect(plant('apps/fieldbook/e2e/a.ts', code)).toEqual(['sleep:2'])
  })
})

describe('imports', () => {
  test.each([
    ['packages/schema/src/a.ts', '@landfall/protocol', []],
    ['packages/engine/src/a.ts', '@landfall/server', ['direction:2']],
    ['packages/server/src/a.ts', '@landfall/engine', ['direction:2']],
    ['packages/server/test/a.ts', '@landfall/engine', ['direction:2']],
    ['packages/protocol/src/a.ts', '@landfall/schema', ['direction:2']],
    ['packages/protocol/src/a.ts', 'node:fs', ['direction:2']],
    ['packages/protocol/test/a.ts', 'fast-check', []],
    ['packages/react/src/a.ts', '@landfall/client', []],
    ['packages/react/src/a.ts', '@landfall/engine', ['direction:2']],
    ['packages/server/src/a.ts', '@landfall/tools/postgres', ['direction:2']],
    ['packages/server/test/a.ts', '@landfall/tools/postgres', []],
    ['packages/server/test/a.ts', '@landfall/testkit', ['direction:2']],
    ['packages/testkit/src/a.ts', '@landfall/simulator', ['direction:2']],
    ['packages/simulator/src/a.ts', '@landfall/testkit', []],
    ['packages/testkit/src/a.ts', '@landfall/client', ['direction:2']],
    ['packages/testkit/test/a.ts', '@landfall/client', ['direction:2']],
    ['packages/client/src/a.ts', '@landfall/server', ['direction:2']],
    ['packages/client/test/a.ts', '@landfall/server', []],
    ['packages/testkit/test/a.ts', '@landfall/server', []],
    ['apps/bench/src/a.ts', '@landfall/server', []],
    ['packages/novel/src/a.ts', '@landfall/protocol', ['direction:2']],
    ['packages/server/src/a.ts', '../../engine/src/b.ts', ['relative-import:2']],
    ['packages/server/test/a.ts', '../src/b.ts', []],
    ['packages/server/src/a.ts', './b', ['relative-import:2']],
  ])('[T4.4] %s imports %s', (path, target, expected) => {
    expect(plant(path, `import { b } from '${target}'\n`)).toEqual(expected)
    expect(plant(path, `import type { B } from '${target}'\n`)).toEqual(expected)
    expect(plant(path, `const b = await import('${target}')\n`)).toEqual(expected)
  })

  test('[T4.4] barrels but at a package’s entry points', () => {
    const manifest = '{ "exports": { ".": { "@landfall/source": "./src/index.ts" } } }'
    const index = { 'packages/client/src/index.ts': `${HEADER}export * from './a.ts'\n` }
    expect(broken({ ...index, 'packages/client/package.json': manifest })).toEqual([])
    expect(broken(index)).toEqual(['barrel:2'])
    expect(plant('packages/client/src/a.ts', "\nexport { b } from './b.ts'\n")).toEqual(['barrel:1'])
    expect(plant('packages/client/src/a.ts', "export { b } from './b.ts'\nexport const c = 1\n")).toEqual([])
  })
})

describe('rules', () => {
  const SPEC = '# Rules\n\n## P1\n- **P1** Kept.\n- **P1.1** Kept.\n\n## Not built yet\n- **P2** Later.\n'
  const TESTED = "test('[P1] a', f)\ntest.each([1])('[P1.1] b', f)\n"

  test.each([
    ['all named', TESTED, []],
    ['two rules at once', "test('[P1] [P1.1] a', f)\n", []],
    ['a template', `${TESTED}test(\`[P1] \${x}\`, f)\n`, []],
    ['a rule without a test', "test('[P1] a', f)\n", ['rule-without-test:5']],
    ['a test without a rule', `${TESTED}test.fails('[P9] a', f)\n`, ['test-without-rule:4']],
    ['a test without an id', `${TESTED}it('works', f)\n`, ['test-name:4']],
    ['a name that is not there to read', `${TESTED}test(name, f)\n`, ['test-name:4']],
    ['a skipped test', `${TESTED}test.skip('[P1] c', f)\n`, ['test-marker:4']],
    ['a test that hides the others', `${TESTED}test.only.each([1])('[P1] c', f)\n`, ['test-marker:4']],
    ['a rule that is built after all', `${TESTED}test('[P2] c', f)\n`, ['rule-id:8']],
  ])('[T4.5] SPEC.md and the tests name each other: %s', (_, tests, expected) => {
    const files = { 'packages/protocol/SPEC.md': SPEC, 'packages/protocol/test/a.test.ts': HEADER + tests }
    expect(broken(files)).toEqual(expected)
  })

  test('[T4.5] an id that two rules share', () => {
    const spec = '- **P1** One.\n- **P1** Two.\n'
    const files = {
      'packages/protocol/SPEC.md': spec,
      'packages/protocol/test/a.test.ts': "test('[P1] a', f)\n",
    }
    expect(broken(files)).toEqual(['rule-id:2'])
  })

  test('[T4.5] rules stand in the SPEC.md of any package or app, each id in one of them', () => {
    const files = {
      'packages/protocol/SPEC.md': '- **P1** One.\n',
      'apps/bench/SPEC.md': '# Rules\n- **B1** Its own.\n',
      'packages/protocol/test/a.test.ts': "test('[P1] a', f)\n",
      'apps/bench/test/a.test.ts': "test('[B1] b', f)\n",
    }
    expect(broken(files)).toEqual([])
    expect(broken({ ...files, 'apps/bench/SPEC.md': '- **B1** Its own.\n- **P1** Again.\n' })).toEqual([
      'rule-id:2',
    ])
  })

  test('[T4.5] rules rise by number within a section', () => {
    const specOf = (...ids: string[]): string => ids.map((id) => `- **${id}** Kept.\n`).join('')
    const disordered = (spec: string): string[] =>
      broken({
        'packages/protocol/SPEC.md': spec,
        'packages/protocol/test/a.test.ts': "test('[P1] [P1.2] [P1.10] [P2] a', f)\n",
      })
    expect(disordered(specOf('P1', 'P1.2', 'P1.10', 'P2'))).toEqual([])
    expect(disordered(specOf('P1', 'P1.10', 'P1.2', 'P2'))).toEqual(['rule-order:3'])
    expect(disordered(`${specOf('P1', 'P1.10', 'P2')}## More\n${specOf('P1.2')}`)).toEqual([])
  })
})

describe('litter', () => {
  test.each([
    ['something new at the root', { 'NOTES.md': 'x\n' }, ['litter:1']],
    ['a machine’s path', { 'README.md': `see\n${'/root'}/landfall\n` }, ['machine-path:2']],
    ['a path that only looks like one', { 'README.md': `https://example.org${'/work'}/it\n` }, []],
    [
      'a registry in the lock file',
      { 'package-lock.json': '"resolved": "https://r.example/x.tgz"\n' },
      ['machine-path:1'],
    ],
    ['an architecture too long', { 'ARCHITECTURE.md': lines(401) }, ['readme:1']],
    [
      'a package without a README',
      { 'packages/client/src/a.ts': HEADER, 'packages/client/README.md': lines(61) },
      ['readme:1'],
    ],
    [
      'a workspace that is not type-checked',
      { 'apps/bench/src/a.ts': HEADER, 'tsconfig.json': '' },
      ['untyped:1'],
    ],
  ])('[T4.6] %s', (_, files, expected) => {
    expect(broken(files as Record<string, string>)).toEqual(expected)
  })

  test.each([
    [`${'//'} oxlint-disable-next-line no-var`, ['suppression:2']],
    [`${'//'} oxlint-disable-next-line no-var -- the parser wants it`, []],
    [`${'//'} @ts-ignore`, ['suppression:2']],
    [`${'//'} @ts-expect-error`, ['suppression:2']],
    [`${'//'} @ts-expect-error the library’s types forget null`, []],
  ])('[T4.6] silence has a reason: %s', (comment, expected) => {
    expect(plant('packages/client/src/a.ts', `${comment}\nvar a = 1\n`)).toEqual(expected)
  })
})

describe('exceptions', () => {
  test.each([
    ['on the line', `const t = Date.now() ${TIDY} clock — the one place that reads it\n`, []],
    ['on the line above', `${TIDY} clock — the one place that reads it\nconst t = Date.now()\n`, []],
    [
      'of another rule',
      `${TIDY} timer — the one place that reads it\nconst t = Date.now()\n`,
      ['clock:3', 'exception:2'],
    ],
    ['without a reason', `${TIDY} clock\nconst t = Date.now()\n`, ['exception:2']],
    ['without a cause', `${TIDY} clock — it was here once, long ago\nconst t = 0\n`, ['exception:2']],
    ['of a whole file', `${TIDY} file-length — one long table of cases\n${lines(400)}`, []],
  ])('[T4.7] an exception is written down where it is made: %s', (_, code, expected) => {
    expect(plant('packages/engine/src/a.ts', code)).toEqual(expected)
  })
})

describe('references', () => {
  const known = {
    'packages/a/SPEC.md': '## P1 durable\n- **P1.1** It lasts.\n',
    'ARCHITECTURE.md': '# How\n\n## The ideas\n',
    'packages/a/src/store/seal.ts': `${HEADER}export const sealIt = 1\n`,
    'packages/a/test/a.test.ts': "test('[P1.1] x', f)\n",
  }
  const inComment = (text: string): string[] =>
    broken({ ...known, 'packages/a/src/b.ts': `${HEADER}/** ${text} */\nexport const b = 1\n` }).filter(
      (rule) => rule.startsWith('reference'),
    )

  test.each([
    'see store/seal.ts, seal.ts and ../store/seal.ts',
    'P1.1 of P1; ARCHITECTURE: "The ideas"; `sealIt` and `sealIt()`',
    "React's `useId`, `word`, `Pascal`; https://a.example/missing.ts; *.ts",
    'the key `P9.9` in a text; \\n ```ts\nmissing.ts `noName`\n```',
  ])('[T5.1] a comment refers to what is there: %s', (text) => {
    expect(inComment(text)).toEqual([])
  })

  test.each([
    ['see store/sea.ts', 'reference-file:2'],
    ['see `other/seal.ts`', 'reference-file:2'],
    ['as P1.2 says', 'reference-rule:2'],
    ['(P2)', 'reference-rule:2'],
    ['ARCHITECTURE: "The idea"', 'reference-heading:2'],
    ['calls `sealed_` or `sealIts`', 'reference-name:2'],
  ])('[T5.1] a comment refers to nothing: %s', (text, finding) => {
    expect(inComment(text)).toEqual([finding])
  })

  test.each([
    ['a link to a heading', '[a](ARCHITECTURE.md#the-ideas) [b](packages/) [c](#how-to)\n# How to', []],
    ['a link to no file', '\n[a](ARCHITECTUR.md)', ['reference-link:2']],
    ['a link to no heading', '[a](ARCHITECTURE.md#the-idea)', ['reference-link:1']],
    ['a file in a code block', '```ts\nimport a from "./missing.ts"\n```', []],
    ['a file in a text', 'see `missing.ts`', ['reference-file:1']],
  ])('[T5.1] a document has %s', (_, text, findings) => {
    expect(broken({ ...known, 'CONTRIBUTING.md': text })).toEqual(findings)
  })
})
