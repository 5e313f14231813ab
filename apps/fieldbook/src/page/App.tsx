/** Chooses the page: two devices, sign-in, or somebody's notebook. */
import { useState } from 'react'
import { type Person, personByHandle } from '../shared/people.ts'
import { DeviceGate } from './device/DeviceGate.tsx'
import { Duo } from './duo/Duo.tsx'
import { Notebook } from './notebook/Notebook.tsx'
import { useRoute } from './route.ts'
import { SignIn } from './SignIn.tsx'
import { Toasts } from './status/Toasts.tsx'

const REMEMBERED = 'fieldbook.user'

export function App() {
  const route = useRoute()
  const [picked, setPicked] = useState(() => localStorage.getItem(REMEMBERED))
  if (route.page === 'duo') return <Duo />
  const person = personByHandle(route.user ?? picked ?? '')
  const pick = (chosen: Person) => {
    localStorage.setItem(REMEMBERED, chosen.handle)
    setPicked(chosen.handle)
  }
  if (person === undefined) return <SignIn onPick={pick} />
  return (
    <>
      <DeviceGate person={person} device={route.device}>
        {(device) => <Notebook device={device} onSignOut={signOut} />}
      </DeviceGate>
      <Toasts />
    </>
  )
}

/** A new page: the local database of the last person must be closed before the next one's opens. */
function signOut(): void {
  localStorage.removeItem(REMEMBERED)
  location.assign('/')
}
