/** The kinds of faults, by name: what a seed draws its own mix of, and what reports count. */
export const FAULTS = [
  // the network
  'request lost',
  'response lost',
  'delayed',
  'repeated',
  'repeated late',
  'reordered',
  'cut short',
  'corrupted',
  'half-open',
  'stream cut',
  'slow reader',
  'offline',
  // the server's processes and Postgres
  'server killed before',
  'server killed inside',
  'server killed after',
  'another server',
  'connection lost',
  'commit unknown',
  'serialization failure',
  'deadlock',
  'postgres restarted',
  'postgres restored',
  'log pruned',
  'foreign transaction',
  'long transaction',
  // the device
  'engine killed before',
  'engine killed after',
  'engine killed torn',
  'power cut',
  'quota',
  'disk error',
  'statement failed',
  'clock skewed',
  'clock jump',
  'clock drift',
  // people
  'token expired',
  'scope lost',
  'scope gained',
  'schema upgraded',
  'table uncaptured',
] as const

export type Fault = (typeof FAULTS)[number]
