import type { CSSProperties } from 'react'

/** A person as coloured initials; `name` null is nobody. */
export function Avatar({
  name,
  color,
  size = 22,
}: {
  name: string | null
  color: string | null
  size?: number
}) {
  const style: CSSProperties & { '--avatar': string } = {
    '--avatar': color ?? 'transparent',
    width: size,
    height: size,
    fontSize: size * 0.42,
  }
  return (
    <span className={name === null ? 'avatar nobody' : 'avatar'} style={style} title={name ?? 'Nobody yet'}>
      <span aria-hidden="true">{name === null ? '' : initialsOf(name)}</span>
    </span>
  )
}

export function initialsOf(name: string): string {
  return name
    .split(' ')
    .map((word) => word.slice(0, 1))
    .join('')
    .slice(0, 2)
}
