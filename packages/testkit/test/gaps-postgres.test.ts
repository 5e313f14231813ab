import { gapsContract } from './gaps-contract.ts'

gapsContract('a real Postgres')
