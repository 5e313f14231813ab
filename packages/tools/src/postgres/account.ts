/**
 * The account a Postgres server runs under: it refuses root, so root hands it to `postgres` or `nobody` by setpriv.
 *
 * setpriv, where it is there, also ties the server to the life of this process, so that a killed test run leaves no
 * server behind.
 */
import { spawnSync } from 'node:child_process'

export type Account = { uid: number; gid: number }

/** The account to change to; undefined where this process is not root and changes nothing. */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  if (!hasSetpriv())
    throw new Error('Postgres does not run as root: install setpriv (util-linux) or run as another user.')
  return accountOf('postgres') ?? accountOf('nobody')
}

/** The command line that runs a program under the account. */
export function underAccount(
  account: Account | undefined,
  command: [string, ...string[]],
): [string, string[]] {
  const [program, ...args] = command
  if (!hasSetpriv()) return [program, args]
  const drop = account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'] : []
  return ['setpriv', ['--pdeathsig', 'QUIT', ...drop, '--', ...command]]
}

function hasSetpriv(): boolean {
  return spawnSync('setpriv', ['--version']).status === 0
}

function accountOf(user: string): Account | undefined {
  const uid = spawnSync('id', ['-u', user], { encoding: 'utf8' })
  const gid = spawnSync('id', ['-g', user], { encoding: 'utf8' })
  return uid.status === 0 && gid.status === 0
    ? { uid: Number(uid.stdout), gid: Number(gid.stdout) }
    : undefined
}
