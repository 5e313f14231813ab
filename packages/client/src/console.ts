/**
 * Writes errors that only a developer can mend to the console: once per code and page, with the link to the docs.
 *
 * Most errors reach the app's own code, which handles them. These only reach the status, where they would show as a badge
 * that never turns green, and a status is easily overlooked.
 */
import type { ErrorData } from '@landfall/protocol'
import { docsOf, needsDeveloper } from '@landfall/protocol'

const told = new Set<string>()

export function tellDeveloper(error: ErrorData | null): void {
  if (error === null || told.has(error.code) || !needsDeveloper(error.code)) return
  told.add(error.code)
  console.error(`[landfall] ${error.message}\n${docsOf(error.code)}`)
}
