/** The sample app's tables in Postgres, and the rows with which its worlds begin. */
import { ORDERED_DDL } from './sample-order.ts'

const DDL = `
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'o''happy');
  CREATE TABLE projects (id text PRIMARY KEY, name text NOT NULL);
  CREATE TABLE members (project_id text NOT NULL, user_id text NOT NULL, PRIMARY KEY (project_id, user_id));
  CREATE TABLE tasks (
    id uuid PRIMARY KEY, project_id text NOT NULL, title text NOT NULL CHECK (title <> 'forbidden'), body text,
    done boolean NOT NULL DEFAULT false, votes integer NOT NULL DEFAULT 0, stage text NOT NULL DEFAULT 'new',
    owner text, tags text[], best double precision, code varchar(8) UNIQUE);
  CREATE TABLE comments (
    id uuid PRIMARY KEY, task_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE, project_id text NOT NULL,
    body text NOT NULL);
  CREATE TABLE things (
    area text, number bigint, project_id text NOT NULL, amount numeric, price numeric(10, 2), ratio double precision,
    at timestamptz, day date, mood mood, data jsonb, raw json, bytes bytea, big bigint, PRIMARY KEY (area, number));
  CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL);
  CREATE TABLE entries (id text PRIMARY KEY, project_id text NOT NULL, account text NOT NULL, amount integer NOT NULL);
  CREATE TABLE events (writer text, n integer, project_id text NOT NULL, PRIMARY KEY (writer, n));
  CREATE TABLE marks (device text PRIMARY KEY, user_id text NOT NULL, n integer NOT NULL);
  INSERT INTO countries VALUES ('at', 'Austria'), ('be', 'Belgium');
  INSERT INTO members VALUES ('p1', 'ada'), ('p1', 'ben'), ('p1', 'cyd'), ('p2', 'ada'), ('p3', 'ben');`

/** The project that everybody holds all the time. */
export const SHARED = 'p1'

/** Tasks that everybody edits. */
export const HOT = [1, 2].map((n) => `00000000-0000-4000-8000-0000000000a${n}`)

export function setup(projects: readonly string[]): string[] {
  return [
    DDL,
    ORDERED_DDL,
    ...projects.map((id) => `INSERT INTO projects VALUES ('${id}', 'Secret name of ${id}')`),
    ...HOT.map(
      (id) =>
        `INSERT INTO tasks (id, project_id, title, body) VALUES ('${id}', '${SHARED}', 'hot', E'a\\nb\\nc')`,
    ),
  ]
}
