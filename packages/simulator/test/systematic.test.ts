/**
 * Faults at the events of small scenarios, one after the other. All of them take minutes a scenario and are the
 * command's (`landfall-sim systematic`); here each scenario meets some kinds, the cheap ones at every event.
 */
import type { Database } from '@landfall/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FAULT_KINDS } from '../src/systematic/fault-kinds.ts'
import { sampleApp } from '../src/sample/sample-app.ts'
import { formatPlan, parsePlan } from '../src/plan/plan-json.ts'
import { tallyTable } from '../src/cli/run-scenarios.ts'
import { runPlan } from '../src/stage/run.ts'
import { SCENARIOS } from '../src/systematic/scenarios.ts'
import { planWith, runSystematically, type Scenario, type Tally } from '../src/systematic/systematic.ts'
import { openEnvironment, type Environment } from '../src/stage/environment.ts'

let environment: Environment
beforeAll(async () => {
  environment = await openEnvironment(sampleApp)
}, 60_000)
afterAll(() => environment.close())

function scenarioOf(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name)
  if (found === undefined) throw new Error(`no scenario ${name}`)
  return found
}

type Some = { faults: RegExp; every?: number; most?: number; on?: Environment }

function tried(name: string, { faults, every = 1, on = environment, ...rest }: Some): Promise<Tally[]> {
  const kinds = FAULT_KINDS.filter((kind) => faults.test(kind.name))
  return runSystematically((plan) => runPlan(on, plan), scenarioOf(name), { ...rest, every, kinds })
}

const violatedIn = (tallies: Tally[]): string[] =>
  tallies.flatMap(({ violated }) => violated.map(({ n, what }) => `${n}: ${what}`))

describe('every promise is kept', () => {
  test.each([
    { name: 'first load', faults: /^message response lost, once/, least: 8 },
    { name: 'first load', faults: /^killed before a statement, once/, every: 67, least: 3 },
    { name: 'one write', faults: /^message (response lost|repeated late|half-open), for ever/, least: 6 },
    { name: 'one write', faults: /^disk error, for ever/, every: 29, least: 2 },
    { name: 'conflict', faults: /^message response lost, once/, least: 2 },
    { name: 'rejection', faults: /^postgres: process killed, once/, every: 13, least: 2 },
    { name: 'membership', faults: /^postgres: connection lost, once/, every: 29, least: 2 },
    { name: 'upgrade', faults: /^statement fails, once/, every: 89, least: 2 },
    { name: 'restart', faults: /^power cut torn/, every: 41, least: 2 },
    { name: 'restore', faults: /^message response lost, once/, least: 2 },
  ])(
    '[T8.7] $name, $faults',
    async ({ name, least, ...some }) => {
      const tallies = await tried(name, some)
      expect(violatedIn(tallies)).toEqual([])
      expect(tallies.every(({ complete }) => complete)).toBe(true)
      expect(tallies.reduce((sum, { runs }) => sum + runs, 0)).toBeGreaterThanOrEqual(least)
    },
    60_000,
  )
})

/** A Postgres that keeps what a transaction has done when its connection is lost. */
function keepingHalves(database: Database): Database {
  return {
    ...database,
    async transaction(options, work) {
      let failure: Error | null = null
      const result = await database.transaction(options, async (tx) => {
        try {
          return await work(tx)
        } catch (error) {
          failure = error as Error
          return undefined as never
        }
      })
      if (failure !== null) throw failure as Error
      return result
    },
    close: () => database.close(),
  }
}

/** A server that does not remember what has had its verdict. */
function forgettingVerdicts(database: Database): Database {
  return {
    ...database,
    transaction: (options, work) =>
      database.transaction(options, (tx) =>
        work({
          async query(sql, params) {
            const rows = await tx.query(sql, params)
            return sql.includes('c.last_number::text')
              ? rows.map((row) => ({ ...row, last_number: '0' }))
              : rows
          },
        }),
      ),
    close: () => database.close(),
  }
}

describe('a planted bug', () => {
  test.each([
    { bug: keepingHalves, name: 'conflict', faults: /^postgres: connection lost, once/, most: 14 },
    { bug: forgettingVerdicts, name: 'conflict', faults: /^message response lost, once/, most: 2 },
  ])(
    '[T8.14] $bug.name is found',
    async ({ bug, ...some }) => {
      const connect: Environment['connect'] = async (program) => bug(await environment.connect(program))
      const broken = { ...environment, connect }
      const [tally] = await tried(some.name, { ...some, on: broken })
      const [first] = tally?.violated ?? []
      expect(tally?.violated[0]).not.toMatchObject({ n: 0 })
      if (first === undefined) throw new Error('nothing was found')
      const again = await runPlan(broken, parsePlan(formatPlan(first.plan)))
      expect(again.violations[0]?.what).toBe(first.what)
      expect((await runPlan(environment, first.plan)).violations).toEqual([])
    },
    60_000,
  )
})

describe('what was tried', () => {
  const plan = planWith(scenarioOf('one write'), [])
  const fine: Tally = { scenario: 'one write', fault: 'disk full', runs: 1200, complete: true, violated: [] }

  test('[T8.14] is a table with the plans that failed', () => {
    const violated = [{ n: 4, promise: 'P2', what: 'counted twice', plan }]
    const text = tallyTable([fine, { ...fine, fault: 'quota', runs: 2, complete: false, violated }])
    expect(text.split('\n').slice(0, 6)).toEqual([
      'scenario   fault        runs',
      'one write  disk full   1,200',
      'one write  quota           2  VIOLATED P2 at 4 (bound reached)',
      '',
      '1,202 runs with a fault that struck, 1 violated',
      '',
    ])
    expect(text).toContain(
      `P2 in one write, quota, 4: counted twice\nlandfall-sim replay --plan, with\n${formatPlan(plan)}`,
    )
  })

  test('[T8.7] a scenario that fails without a fault says so', async () => {
    const outcome = await runPlan(environment, { ...plan, steps: [] })
    const violated = { ...outcome, violations: [{ promise: 'P1', what: 'lost', who: 'a', at: 0, line: 0 }] }
    const [tally] = await runSystematically(() => Promise.resolve(violated), scenarioOf('one write'))
    expect(tally).toMatchObject({ fault: 'none', runs: 1, violated: [{ n: 0, promise: 'P1' }] })
  })
})
