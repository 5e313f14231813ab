import { pullContract } from './pull-contract.ts'
import { createNotesWorld } from './support/world.ts'

pullContract(() => createNotesWorld({ limits: { pageRows: 40, pageBytes: 2_000 } }))
