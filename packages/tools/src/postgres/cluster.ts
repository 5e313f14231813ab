/**
 * One Postgres cluster of our own in a temporary folder, started as a child process.
 *
 * `fsync=off` is for tests only: a killed process loses nothing by it, a power cut would. Knows nothing of databases or
 * tests.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../free-port.ts'
import { type Account, serverAccount, underAccount } from './account.ts'
import type { Binaries } from './binaries.ts'

export type Cluster = {
  port: number
  /** Starts a stopped or killed server again on the same port and data. */
  start(): Promise<void>
  /** An orderly stop: open connections are cut, everything is written. */
  stop(): Promise<void>
  /** A crash: every backend is killed at once; the next start recovers from the log. */
  kill(): Promise<void>
  /** Copies the data; the server is stopped meanwhile and started again. */
  copyData(): Promise<DataCopy>
  /** Starts the server again with the data as they were copied. */
  putBack(copy: DataCopy): Promise<void>
  /** Stops the server and deletes its folder. */
  remove(): Promise<void>
}

/** A folder beside the data. */
export type DataCopy = string

type Running = { child: ChildProcess; exited: Promise<void> }

const READY = 'database system is ready to accept connections'

export async function createCluster(binaries: Binaries, settings: Record<string, string>): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'landfall-postgres-'))
  const account = serverAccount()
  if (account) chownSync(folder, account.uid, account.gid)
  const data = join(folder, 'data')
  initialize(binaries, data, account)
  const port = await freePort()
  const command = underAccount(account, [
    join(binaries.folder, 'postgres'),
    ...serverArguments(data, port, settings),
  ])
  let running: Running | undefined

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = running
    running = undefined
    ending?.child.kill(signal)
    await ending?.exited
  }

  /** Owners and times are kept: the server reads nobody else's files. */
  const copyFolder = async (from: string, to: string): Promise<void> => {
    await rm(to, { recursive: true, force: true })
    await promisify(execFile)('cp', ['-a', from, to])
    await start()
  }

  async function start(): Promise<void> {
    running ??= await launch(command)
  }

  let copies = 0
  const cluster: Cluster = {
    port,
    start,
    copyData: async () => {
      await end('SIGINT')
      const copy = join(folder, `copy-${copies++}`)
      await copyFolder(data, copy)
      return copy
    },
    putBack: async (copy) => {
      await end('SIGQUIT')
      await copyFolder(copy, data)
    },
    stop: () => end('SIGINT'),
    kill: () => end('SIGQUIT'),
    remove: async () => {
      await end('SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await cluster.start().catch(async (error: unknown) => {
    await cluster.remove()
    throw error
  })
  return cluster
}

function initialize(binaries: Binaries, data: string, account: Account | undefined): void {
  const flags = ['--auth=trust', '--username=postgres', '--encoding=UTF8', '--no-locale', '--no-sync']
  const [command, args] = underAccount(account, [join(binaries.folder, 'initdb'), '-D', data, ...flags])
  const run = spawnSync(command, args, { encoding: 'utf8', cwd: '/' })
  if (run.status !== 0) throw new Error(`initdb failed: ${run.error?.message ?? run.stderr}`)
}

function serverArguments(data: string, port: number, settings: Record<string, string>): string[] {
  const all: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: '200',
    log_min_messages: 'warning',
    ...settings,
  }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return ['-D', data, '-p', String(port), ...flags]
}

function launch([command, args]: [string, string[]]): Promise<Running> {
  const child = spawn(command, args, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  return new Promise((resolve, reject) => {
    const exited = new Promise<void>((done) => {
      child.once('close', () => {
        reject(new Error(`Postgres did not start:\n${log.slice(-2_000)}`))
        done()
      })
    })
    child.once('error', reject)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-8_000)
      if (log.includes(READY)) resolve({ child, exited })
    })
  })
}
