import { expect, test } from 'vitest'
import { hashManifest, type ManifestColumn, type ManifestTable } from '../src/index.ts'

const COLUMN: ManifestColumn = {
  name: 'id',
  type: { kind: 'enum', sql: '"public"."level"', array: false, labels: ['low', 'high'] },
  nullable: false,
  hasDefault: false,
  localDefault: null,
  readonly: false,
  policy: 'last-write',
}
const TABLE: ManifestTable = {
  name: 'checks',
  schema: 'public',
  key: ['id'],
  columns: [COLUMN],
  scopes: [{ scope: 'all', column: null }],
  write: [],
  parents: [],
  constrained: [],
  indexes: [],
}
const withColumn = (change: Partial<ManifestColumn>): ManifestTable => ({
  ...TABLE,
  columns: [{ ...COLUMN, ...change }],
})

test('[P11.3] the hash is pinned, since a new hash makes all old clients reload', () => {
  expect(hashManifest([TABLE])).toBe('71fe97d5f7913034')
})

const DIFFERENT: [what: string, tables: ManifestTable[]][] = [
  ['no table', []],
  ['table name', [{ ...TABLE, name: 'check' }]],
  ['schema', [{ ...TABLE, schema: 'other' }]],
  ['key', [{ ...TABLE, key: [] }]],
  ['scope column', [{ ...TABLE, scopes: [{ scope: 'all', column: 'id' }] }]],
  ['right to write', [{ ...TABLE, write: ['all'] }]],
  ['parents', [{ ...TABLE, parents: ['projects'] }]],
  ['constrained columns', [{ ...TABLE, constrained: ['id'] }]],
  ['one column more', [{ ...TABLE, columns: [COLUMN, COLUMN] }]],
  ['column name', [withColumn({ name: 'ID' })]],
  ['nullable', [withColumn({ nullable: true })]],
  ['policy', [withColumn({ policy: 'review' })]],
  ['order of labels', [withColumn({ type: { ...COLUMN.type, labels: ['high', 'low'] } })]],
  ['twice', [TABLE, TABLE]],
]
test.each(DIFFERENT)('[P11.3] another %s is another hash', (_, tables) => {
  expect(hashManifest(tables)).toMatch(/^[0-9a-f]{16}$/)
  expect(hashManifest(tables)).not.toBe(hashManifest([TABLE]))
})

test('[P11.3] the order of properties and the indexes do not matter', () => {
  const shuffled = Object.fromEntries(Object.entries(TABLE).toReversed()) as ManifestTable
  expect(hashManifest([shuffled])).toBe(hashManifest([TABLE]))
  expect(hashManifest([{ ...TABLE, indexes: [['id']] }])).toBe(hashManifest([TABLE]))
})
