import { PEOPLE, type Person } from '../shared/people.ts'
import { Avatar } from './ui/Avatar.tsx'

/** Who is holding this device? A demo's sign-in: no password. */
export function SignIn({ onPick }: { onPick(person: Person): void }) {
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <img src="/icon.svg" alt="" width="56" height="56" />
        <h1>Fieldbook</h1>
        <p>Site inspections that work without a network. Who is holding this device?</p>
        <ul>
          {PEOPLE.map((person) => (
            <li key={person.id}>
              <button type="button" onClick={() => onPick(person)}>
                <Avatar name={person.name} color={person.color} size={36} />
                <span>
                  <strong>{person.name}</strong>
                  <small>{person.trade}</small>
                </span>
              </button>
            </li>
          ))}
        </ul>
        <p className="faint">
          This is a demo, so there is no password. Or look at <a href="/duo">two devices side by side</a>.
        </p>
      </div>
    </main>
  )
}
