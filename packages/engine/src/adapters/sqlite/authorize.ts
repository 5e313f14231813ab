/**
 * The gate in front of SQL that comes from the app, and the reader of a statement's read set.
 *
 * SQLite asks an authorizer about everything a statement will do while it is prepared. It is installed once and
 * switched by mode: setting it anew would expire every prepared statement. Apps may read everything and write their
 * own tables; schema, transactions, files, pragmas and the `landfall_*` tables are the engine's. What a statement does
 * through Landfall's own triggers is allowed: SQLite names the innermost trigger.
 */
const ACTION = {
  delete: 9,
  insert: 18,
  pragma: 19,
  read: 20,
  select: 21,
  update: 23,
  function: 31,
  savepoint: 32,
  recursive: 33,
} as const

const OK = 0
const DENY = 1
const OWN = 'landfall_'
const READABLE_PRAGMAS = new Set([
  'table_info',
  'table_xinfo',
  'table_list',
  'index_list',
  'index_info',
  'index_xinfo',
  'compile_options',
  'integrity_check',
  'quick_check',
])
const FORBIDDEN_FUNCTIONS = new Set(['load_extension', 'fts3_tokenizer'])

/** The authorizer's four arguments, as SQLite documents them. */
export type Action = { code: number; first: string; second: string; trigger: string }

export type Gate = {
  /** `engine`: everything goes. `user`: rules apply. `reads`: everything goes and tables read are collected. */
  mode: 'engine' | 'user' | 'reads'
  /** Why the last statement was refused. */
  refused: string | null
  /** Whether the statement sets, releases or returns to a savepoint. */
  savepoint: boolean
  reads: Set<string>
}

export const createGate = (): Gate => ({ mode: 'engine', refused: null, savepoint: false, reads: new Set() })

/** What the authorizer answers. */
export function decide(gate: Gate, action: Action): number {
  if (gate.mode === 'engine') return OK
  if (gate.mode === 'reads') {
    if (action.code === ACTION.read && action.first !== '') gate.reads.add(action.first)
    return OK
  }
  if (action.code === ACTION.savepoint) gate.savepoint = true
  const reason = refusal(action)
  if (reason === null) return OK
  gate.refused ??= reason
  return DENY
}

/** Why an app's statement may not do this; null when it may. */
function refusal({ code, first, second, trigger }: Action): string | null {
  switch (code) {
    case ACTION.select:
    case ACTION.read:
    case ACTION.recursive:
    case ACTION.savepoint:
      return null
    case ACTION.insert:
    case ACTION.update:
    case ACTION.delete:
      return trigger.startsWith(OWN) || isAppTable(first) ? null : `writes the table ${first}`
    case ACTION.function:
      return FORBIDDEN_FUNCTIONS.has(second) ? `calls ${second}` : null
    case ACTION.pragma:
      return READABLE_PRAGMAS.has(first.toLowerCase()) ? null : `sets or reads the pragma ${first}`
    default:
      return 'changes the schema, a transaction or a file'
  }
}

function isAppTable(name: string): boolean {
  const lower = name.toLowerCase()
  return !lower.startsWith(OWN) && !lower.startsWith('sqlite_')
}
