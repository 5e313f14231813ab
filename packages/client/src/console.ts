/**
 * What a developer has to see is written to the console, once a code and page, with the link to its docs.
 *
 * Most errors reach the app's own code and are its business. These would otherwise show as a badge that never turns
 * green: only the status tells them, and a status is easily not looked at.
 */
import type { ErrorData } from '@landfall/protocol'
import { docsOf, needsDeveloper } from '@landfall/protocol'

const told = new Set<string>()

export function tellDeveloper(error: ErrorData | null): void {
  if (error === null || told.has(error.code) || !needsDeveloper(error.code)) return
  told.add(error.code)
  console.error(`[landfall] ${error.message}\n${docsOf(error.code)}`)
}
