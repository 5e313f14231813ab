/** Stands before the notebook until the local database is open and this tab leads it. */
import { LandfallProvider, useStatus } from '@landfall/react'
import { type ReactNode, useEffect, useState } from 'react'
import type { Person } from '../../shared/people.ts'
import { Notice } from '../ui/Notice.tsx'
import { type Device, openDevice } from './open.ts'

type Props = { person: Person; device: string; children: (device: Device) => ReactNode }

type Opening = { device: Device } | { error: Error } | null

export function DeviceGate({ person, device: name, children }: Props) {
  const [opening, setOpening] = useState<Opening>(null)
  useEffect(() => {
    openDevice(person, name).then(
      (device) => setOpening({ device }),
      (error: Error) => setOpening({ error }),
    )
  }, [person, name])
  if (opening === null) return <Waiting />
  if ('error' in opening) return <Failed error={opening.error} />
  return (
    <LandfallProvider db={opening.device.db}>
      <LeaderGate>{children(opening.device)}</LeaderGate>
    </LandfallProvider>
  )
}

/** Another tab may have the same database: then this one waits, and goes on by itself when that one closes. */
function LeaderGate({ children }: { children: ReactNode }) {
  const { leader, phase, error } = useStatus()
  if (leader) return children
  if (error !== null && error.code !== 'database_in_use') return <Failed error={error} />
  if (phase === 'opening' && error === null) return <Waiting />
  return (
    <main className="gate">
      <Notice icon="devices" title="This notebook is open in another tab">
        Go on there, or close it: this tab takes over by itself.
      </Notice>
    </main>
  )
}

function Waiting() {
  return <main className="gate" aria-busy="true" aria-label="Opening the notebook" />
}

function Failed({ error }: { error: { message: string } }) {
  return (
    <main className="gate">
      <Notice icon="warning" title="The notebook could not be opened">
        <p>{error.message}</p>
        <button type="button" className="button primary" onClick={() => location.reload()}>
          Try again
        </button>
      </Notice>
    </main>
  )
}
