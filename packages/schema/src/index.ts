/** The public surface of @landfall/schema. */
export type { Codec, SqliteValue } from './codec.ts'
