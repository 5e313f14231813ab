/** The machine a result belongs to. */
import { arch, availableParallelism, cpus, platform } from 'node:os'

export type Machine = { cpu: string; cores: number; system: string; node: string }

export function readMachine(): Machine {
  const [first] = cpus()
  return {
    cpu: first?.model.trim() ?? 'unknown CPU',
    cores: availableParallelism(),
    system: `${platform()} ${arch()}`,
    node: process.versions.node,
  }
}

/** The CPU's name as part of a file's name. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/\((r|tm)\)/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
}
