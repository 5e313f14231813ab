/** What is wrong with a schema: each problem names its table and column and says how to cure it. */
export type Problem = { table: string; column?: string; problem: string; cure: string }
