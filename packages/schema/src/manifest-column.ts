/**
 * One column of the manifest from one Drizzle column: type, nullability, defaults, rights and policy.
 */
import {
  type ColumnType,
  LandfallError,
  type ManifestColumn,
  type Policy,
  type PolicyName,
} from '@landfall/protocol'
import { getTableName, is, SQL } from 'drizzle-orm'
import { type PgColumn, PgDialect } from 'drizzle-orm/pg-core'
import type { CustomPolicy } from './definition.ts'
import { readColumnType } from './column-type.ts'
import { drizzleValue } from './drizzle-value.ts'
import { policyMisfit } from './policy-fit.ts'
import type { Problem } from './problem.ts'
import { quoteSqliteLiteral } from './quote.ts'

export type ColumnRule = { readonly: boolean; policy: PolicyName | CustomPolicy<unknown> }

/** Adds what is wrong to `problems`; null when the column cannot be synced. */
export function manifestColumn(
  column: PgColumn,
  rule: ColumnRule,
  problems: Problem[],
): ManifestColumn | null {
  const type = readColumnType(column)
  if (type === null) {
    problems.push({
      ...at(column),
      problem: `the type ${column.getSQLType()} is not supported`,
      cure: 'leave the column out of sync with columns.<table>.exclude, or store it as text or jsonb',
    })
    return null
  }
  const policy: Policy = typeof rule.policy === 'function' ? 'custom' : rule.policy
  const misfit = policyMisfit(policy, type)
  if (misfit !== null) problems.push({ ...at(column), ...misfit })
  return {
    name: column.name,
    type,
    nullable: !column.notNull && !column.primary,
    hasDefault: isFilledByPostgres(column),
    localDefault: localDefault(column, type, problems),
    readonly: rule.readonly || isGeneratedAlways(column),
    policy,
  }
}

const at = (column: PgColumn) => ({ table: getTableName(column.table), column: column.name })

export const isGeneratedAlways = (column: PgColumn): boolean =>
  column.generated !== undefined || column.generatedIdentity?.type === 'always'

/** A default in Postgres; `$defaultFn` is none, it runs where Drizzle does. */
function isFilledByPostgres(column: PgColumn): boolean {
  const isSerial = /serial/i.test(column.getSQLType())
  return column.default !== undefined || isSerial || isGeneratedAlways(column) || !!column.generatedIdentity
}

/** `gen_random_uuid()` in SQLite: keys must have a value before the server sees the row. */
const RANDOM_UUID =
  "(lower(hex(randomblob(4)))||'-'||lower(hex(randomblob(2)))||'-4'||substr(lower(hex(randomblob(2))),2)||" +
  "'-'||substr('89ab',1+(random()&3),1)||substr(lower(hex(randomblob(2))),2)||'-'||lower(hex(randomblob(6))))"

function localDefault(column: PgColumn, type: ColumnType, problems: Problem[]): string | null {
  const value: unknown = column.default
  if (value === undefined || isGeneratedAlways(column)) return null
  if (is(value, SQL)) return isRandomUuid(value, type) ? RANDOM_UUID : null
  try {
    return quoteSqliteLiteral(value === null ? null : drizzleValue(column, type).toStored(value))
  } catch (error) {
    const reason = error instanceof LandfallError ? error.details['reason'] : error
    problems.push({
      ...at(column),
      problem: `the default does not fit the column: ${String(reason)}`,
      cure: 'change the default or the type of the column',
    })
    return null
  }
}

function isRandomUuid(value: SQL, type: ColumnType): boolean {
  if (type.kind !== 'uuid' || type.array) return false
  return /^\s*gen_random_uuid\(\)\s*$/i.test(new PgDialect().sqlToQuery(value).sql)
}
