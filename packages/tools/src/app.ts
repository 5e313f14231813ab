/**
 * Runs a built app as a process of its own, so that tests can stop it, kill it and start it again.
 *
 * It is ready when it has printed `ready`; the port is chosen here and kept through restarts. Knows only the two names
 * every app takes from its environment: PORT and DATABASE_URL.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { freePort } from './free-port.ts'

export type AppOptions = {
  /** The file that node runs. */
  entry: string
  args?: string[]
  databaseUrl: string
  /** What the app prints once it answers. */
  ready: RegExp
  env?: Record<string, string>
}

export type App = {
  url: string
  start(): Promise<void>
  /** An orderly end, by SIGTERM. */
  stop(): Promise<void>
  /** A crash, by SIGKILL. */
  kill(): Promise<void>
  /** The last of what the app printed. */
  log(): string
}

type Running = { child: ChildProcess; exited: Promise<void> }

export async function startApp(options: AppOptions): Promise<App> {
  const port = await freePort()
  let running: Running | undefined
  let log = ''
  const print = (text: string): string => (log = (log + text).slice(-20_000))

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = running
    running = undefined
    ending?.child.kill(signal)
    await ending?.exited
  }

  const app: App = {
    url: `http://localhost:${port}`,
    start: async () => {
      running ??= await launch(options, port, print)
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    log: () => log,
  }
  await app.start()
  return app
}

function launch(options: AppOptions, port: number, print: (text: string) => string): Promise<Running> {
  const { entry, databaseUrl, ready } = options
  const env = { ...process.env, ...options.env, PORT: String(port), DATABASE_URL: databaseUrl }
  const child = spawn(process.execPath, [entry, ...(options.args ?? [])], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  return new Promise((resolve, reject) => {
    const exited = new Promise<void>((done) => {
      child.once('close', (code) => {
        reject(new Error(`${entry} ended (${code}) before it was ready:\n${printed}`))
        done()
      })
    })
    child.once('error', reject)
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed = (printed + text).slice(-20_000)
        print(text)
        if (ready.test(printed)) resolve({ child, exited })
      })
  })
}
