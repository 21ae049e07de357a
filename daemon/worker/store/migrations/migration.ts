/** How the schema changes while a worker of the previous build may still serve the same database. */
import type { Queries } from '../schema.js';

export type Dialect = 'sqlite' | 'postgres';

export interface Migration {
  /** Grows; a number may be left out. */
  readonly version: number;
  /**
   * `expand`: older builds keep working with the result (new tables, new columns with defaults); runs when the
   * database is opened. `contract`: they do not (dropped or renamed columns); runs only in the one active worker.
   */
  readonly phase: 'expand' | 'contract';
  /** Runs inside one transaction with the change of the version. From version 19 on, on every engine; those before, on SQLite alone. */
  up(db: Queries, dialect: Dialect): Promise<void>;
}

/** How far a database has come. */
export interface SchemaVersion {
  /** Version of the last migration that ran. */
  readonly version: number;
  /** The oldest build that can still work with it, by the newest migration that it knows. */
  readonly minimumReader: number;
}

/** The version after `migration` ran: a contraction shuts out every build that does not know it. */
export function versionAfter(before: SchemaVersion, migration: Migration): SchemaVersion {
  return { version: migration.version, minimumReader: migration.phase === 'contract' ? migration.version : before.minimumReader };
}
