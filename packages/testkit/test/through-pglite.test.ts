import { throughContract } from './through-contract.ts'

throughContract('pglite')
