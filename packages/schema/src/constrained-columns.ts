/**
 * The columns of a Drizzle table on which another row's fate can depend: those of unique indexes with their predicates
 * and expressions, and of foreign keys.
 *
 * Expressions are SQL of the app. Their text is searched for the names of columns as words, which may find one too many
 * and costs little then, but none too few.
 */
import { is, SQL } from 'drizzle-orm'
import { type getTableConfig, IndexedColumn, PgDialect } from 'drizzle-orm/pg-core'

type Config = ReturnType<typeof getTableConfig>

export function constrainedColumns(config: Config): Set<string> {
  const constrained = new Set<string>()
  const add = (columns: readonly { name: string }[]): void => {
    for (const { name } of columns) constrained.add(name)
  }
  add(config.columns.filter(({ isUnique }) => isUnique))
  for (const { columns } of config.uniqueConstraints) add(columns)
  for (const foreignKey of config.foreignKeys) add(foreignKey.reference().columns)
  for (const index of config.indexes) if (index.config.unique) add(columnsOf(index.config, config.columns))
  return constrained
}

function columnsOf(
  { columns, where }: Config['indexes'][number]['config'],
  all: Config['columns'],
): { name: string }[] {
  const named = columns.flatMap((column) => (is(column, IndexedColumn) ? (column.name ?? []) : []))
  const expressions = [...columns, where].filter((part) => is(part, SQL)).map(textOf)
  return all.filter(({ name }) => named.includes(name) || expressions.some((text) => hasWord(text, name)))
}

const textOf = (expression: SQL): string => new PgDialect().sqlToQuery(expression).sql

function hasWord(text: string, name: string): boolean {
  const word = name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  // SQL that is not quoted says a name in any case.
  return new RegExp(String.raw`(?<![\p{L}\p{N}_$])${word}(?![\p{L}\p{N}_$])`, 'iu').test(text)
}
