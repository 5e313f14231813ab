/**
 * A process of the fleet: glue between its channel and `serveSeeds`. It goes when whoever started it is gone; a Ctrl-C,
 * which the terminal sends to all of them, is the parent's to answer.
 */
import { serveSeeds, type News } from './serve-seeds.ts'
import { openSimulator } from './wiring.ts'

const say = (news: News): void => void process.send?.(news)

const [, , app, postgres] = process.argv
process.on('SIGINT', () => undefined)
const simulator = await openSimulator({ app: app || undefined, postgres: postgres || undefined })
const leave = (): void => void simulator.close().finally(() => process.exit())
process.on('disconnect', leave)
process.on('SIGTERM', leave)
process.on('message', (seeds) => void serveSeeds(seeds as number[], simulator, say))
say({ kind: 'ready' })
