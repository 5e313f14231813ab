/** What is wrong with a schema: each problem names its table and column and says how to cure it. */
export type Problem = {
  /** Its name in Postgres; for a wrong mention, the name that was mentioned. */
  table: string
  /** Where the problem is one column's. */
  column?: string
  /** What is wrong, in a clause. */
  problem: string
  /** What to do, in a clause. */
  cure: string
}
