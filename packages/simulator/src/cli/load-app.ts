/** The app to simulate from a user's ES module: its export `app`, or its default export. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BadInput } from '../plan/bad-input.ts'

export async function loadApp(path: string): Promise<object> {
  const file = resolve(path)
  if (!existsSync(file)) throw new BadInput(`There is no module ${path}.`)
  const found = await load(path, file)
  const app = found.app ?? found.default
  if (typeof app !== 'object' || app === null)
    throw new BadInput(`${path} exports no app: export a SimApp as \`app\` or by default.`)
  return app
}

async function load(path: string, file: string): Promise<{ app?: unknown; default?: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as { app?: unknown; default?: unknown }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new BadInput(`${path} cannot be loaded: ${why.split('\n')[0] ?? ''}`)
  }
}
