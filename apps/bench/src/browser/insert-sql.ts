/** The insert that apps, floors and the client API run alike. */
import { columnNames } from '../shared/rows.ts'

export const insertSql = `INSERT INTO items (${columnNames.join(', ')}) VALUES (${columnNames.map(() => '?').join(', ')})`
