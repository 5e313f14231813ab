import { createNotesWorld } from './support/world.ts'
import { verifyContract } from './verify-contract.ts'

verifyContract(() =>
  createNotesWorld({ address: 'pglite:memory', limits: { verifyKeys: 50, verifyRows: 100 } }),
)
