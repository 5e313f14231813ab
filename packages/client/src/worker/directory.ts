/**
 * The pool's directory of a database: `landfall/<name>`, whatever the name holds.
 *
 * Lower-case letters, digits, `-` and `_` stay. Everything else becomes the hex of its UTF-8 bytes, upper case too, since
 * some file systems fold it; so two names never share a directory.
 */
import { LandfallError } from '@landfall/protocol'

/** File systems take 255 bytes. */
const LONGEST = 200

export function directoryOf(database: string): string {
  const bytes = new TextEncoder().encode(database)
  const name = Array.from(bytes, encodeByte).join('')
  if (name === '' || name.length > LONGEST)
    throw new LandfallError('name_invalid', { bytes: name.length, limit: LONGEST })
  return `landfall/${name}`
}

function encodeByte(byte: number): string {
  const char = String.fromCharCode(byte)
  return /[a-z0-9_-]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`
}
