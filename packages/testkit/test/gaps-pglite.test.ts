import { gapsContract } from './gaps-contract.ts'

gapsContract('PGlite', {
  address: 'pglite:memory',
  only: /bulk load|put back|swapped|rewrite|attached with rows|truncated/,
})
