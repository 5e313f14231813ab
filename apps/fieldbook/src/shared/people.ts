/**
 * The people of the demo: who may be chosen at sign-in, and whom the seed writes into `users`.
 *
 * Sign-in here is a choice from a list, without a password: right for a demo, for nothing else.
 */
export type Person = {
  /** The short name in addresses (`/?user=ada`) and local database names. */
  handle: string
  id: string
  name: string
  trade: string
  color: string
}

const person = (index: number, [handle, name, trade, color]: [string, string, string, string]): Person => ({
  handle,
  id: `00000000-0000-4000-8000-00000000000${index}`,
  name,
  trade,
  color,
})

export const PEOPLE: readonly Person[] = (
  [
    ['ada', 'Ada Lindqvist', 'Structural', '#0f766e'],
    ['ben', 'Ben Okafor', 'Fire safety', '#b45309'],
    ['chiara', 'Chiara Moretti', 'Electrical', '#7c3aed'],
    ['dmitri', 'Dmitri Volkov', 'Envelope', '#be123c'],
    ['esther', 'Esther Nakamura', 'Accessibility', '#1d4ed8'],
    ['farid', 'Farid Haddad', 'Building services', '#4d7c0f'],
  ] satisfies [string, string, string, string][]
).map((entry, index) => person(index + 1, entry))

export function personByHandle(handle: string): Person | undefined {
  return PEOPLE.find((entry) => entry.handle === handle)
}
