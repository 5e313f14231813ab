/** What Landfall's own packages share of the schema: codecs, the mirror's DDL, quoting. No app needs it, and it may change. */
export type { Codec } from './codec.ts'
export { codecFor } from './codec-for.ts'
export { readColumnType } from './column-type.ts'
export { MAX_JSON_DEPTH } from './codecs/json.ts'
export type { WirePolicies, WirePolicy } from './definition.ts'
export {
  mirrorColumnDdl,
  mirrorDdl,
  mirrorIndexDdl,
  mirrorIndexName,
  mirrorTableDdl,
  mirrorType,
} from './mirror-ddl.ts'
export { parentsFirst } from './parents-first.ts'
export { quoteIdentifier, quotePostgresLiteral, quoteSqliteLiteral, quoteTable } from './quote.ts'
