import { createNotesWorld } from './support/world.ts'
import { verifyContract } from './verify-contract.ts'

verifyContract(() => createNotesWorld({ limits: { verifyKeys: 50, verifyRows: 100 } }))
