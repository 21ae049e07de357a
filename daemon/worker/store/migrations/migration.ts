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
  /**
   * Runs inside one transaction with the other missing ones and the change of the version. From version 19 on, on every engine; those
   * before, on SQLite alone.
   */
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

export interface MigrateOptions {
  readonly migrations: readonly Migration[];
  /** `expand` stops before the first contraction; `all` runs everything. */
  readonly phase: 'expand' | 'all';
}

/** Returns the migrations that are to be run on a database of this version, in their order. */
export function missingAfter({ version }: SchemaVersion, { migrations, phase }: MigrateOptions): readonly Migration[] {
  const later = migrations.filter((migration) => migration.version > version);
  const end = phase === 'all' ? -1 : later.findIndex((migration) => migration.phase === 'contract');
  return end === -1 ? later : later.slice(0, end);
}
