/**
 * Opens a device: a person's local database in this browser, with its sync and its offline switch.
 *
 * A device is opened once per page; React may render twice, a database must not open twice.
 */
import { openLandfall } from '@landfall/client'
import type { Person } from '../../shared/people.ts'
import { sync } from '../../shared/sync.ts'
import { fetchToken } from '../token.ts'
import { createNetworkSwitch, type NetworkSwitch, workerName } from './network.ts'

export type LocalDatabase = Awaited<ReturnType<typeof openLandfall>>

export type Device = { db: LocalDatabase; network: NetworkSwitch; database: string; person: Person }

const opened = new Map<string, Promise<Device>>()

/** `device` tells several devices of one person apart; people have databases of their own anyway. */
export function openDevice(person: Person, device: string): Promise<Device> {
  const database = device === 'main' ? person.handle : `${device}-${person.handle}`
  const known = opened.get(database)
  if (known !== undefined) return known
  const opening = open(person, database)
  opened.set(database, opening)
  opening.catch(() => opened.delete(database))
  return opening
}

async function open(person: Person, database: string): Promise<Device> {
  const network = createNetworkSwitch(database)
  const db = await openLandfall({
    sync,
    url: new URL('/sync', location.href).href,
    database,
    getToken: () => tokenFor(person, network),
    worker: new Worker(new URL('./worker.ts', import.meta.url), {
      type: 'module',
      name: workerName(database, network.on),
    }),
  })
  network.listen(() => network.on && void db.sync.now().catch(() => {})) // its failure is in the status
  Object.assign(window, { fieldbook: { db } }) // for the browser's console: fieldbook.db.all('select ...')
  return { db, network, database, person }
}

/** Sign-in needs the network too. */
function tokenFor(person: Person, network: NetworkSwitch): Promise<string | null> {
  if (!network.on) return Promise.reject(new TypeError('This device is switched offline'))
  return fetchToken(person.handle)
}
