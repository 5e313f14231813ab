/**
 * Two devices side by side: two frames, each a whole Fieldbook with its own person, local database and offline switch.
 *
 * The frames share nothing but the server; this page does not sync them.
 */
import { PEOPLE, type Person } from '../../shared/people.ts'
import { Icon } from '../ui/Icon.tsx'
import { type Theme, useTheme } from '../ui/theme.ts'

const DEVICES = ['left', 'right'] as const
/** A project that both are on, so that each sees what the other does. */
const SHARED_PROJECT = 'HRB'

export function Duo() {
  return (
    <main className="duo">
      <header className="duo-head">
        <img src="/icon.svg" alt="" width="30" height="30" />
        <div>
          <h1>Two devices, one Postgres</h1>
          <p>Switch one offline, edit on both, switch it back on. Or change a row with psql and watch.</p>
        </div>
        <ThemeChoice />
      </header>
      <div className="duo-devices">
        {DEVICES.map((device, index) => {
          const person = PEOPLE[index]
          return person === undefined ? null : <DeviceFrame key={device} device={device} person={person} />
        })}
      </div>
    </main>
  )
}

function DeviceFrame({ device, person }: { device: string; person: Person }) {
  const name = person.name.split(' ')[0]
  return (
    <figure className="duo-device">
      <iframe
        title={`${name}’s device`}
        src={`/project/${SHARED_PROJECT}?user=${person.handle}&device=${device}&framed`}
      />
      <figcaption>
        {name}’s device · {person.trade}
      </figcaption>
    </figure>
  )
}

const NAMES: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' }

function ThemeChoice() {
  const { theme, next } = useTheme()
  return (
    <button type="button" className="button" onClick={next} aria-label={`Colours: ${theme}`}>
      <Icon name={theme === 'dark' ? 'moon' : theme === 'light' ? 'sun' : 'system'} size={16} />
      {NAMES[theme]}
    </button>
  )
}
