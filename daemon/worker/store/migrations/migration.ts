/** How the schema changes while a worker of the previous build may still serve the same database. */
import { sayOfStore } from '../../../../shared/text/sentences/store.js';
import { type StoreFault, storeUnavailable } from '../engine.js';
import type { Queries } from '../schema.js';

export type Dialect = 'sqlite' | 'postgres';

export interface Migration {
  /** Increasing; numbers may be skipped. */
  readonly version: number;
  /**
   * `expand`: older builds keep working with the result (new tables, new columns with defaults); runs when the
   * database is opened. `contract`: they do not (dropped or renamed columns); runs only in the one active worker.
   */
  readonly phase: 'expand' | 'contract';
  /**
   * Runs inside one transaction with the other missing ones and the change of the version. From version 19 on, on every engine;
   * earlier ones only on SQLite.
   */
  up(db: Queries, dialect: Dialect): Promise<void>;
}

/** The schema version of a database. */
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
  readonly place: string;
  readonly migrations: readonly Migration[];
  /** `expand` stops before the first contraction; `all` runs everything. */
  readonly phase: 'expand' | 'all';
}

interface Migrating {
  readonly db: Queries;
  readonly dialect: Dialect;
  readonly place: string;
  readonly classify: (error: unknown) => StoreFault;
}

/** Runs one migration. @throws STORE_UNAVAILABLE if it cannot run on this content; the database's own error otherwise */
export async function runMigration(migration: Migration, { db, dialect, place, classify }: Migrating): Promise<void> {
  try {
    await migration.up(db, dialect);
  } catch (error) {
    if (classify(error) !== 'other') throw error;
    const detail = error instanceof Error ? error.message : String(error);
    const hint = 'Nothing was changed. Start the version from before, and report this as a fault of xopc.';
    throw storeUnavailable(place, sayOfStore('fault-migration', { version: migration.version, detail }), { hint, cause: error });
  }
}

/** Returns the migrations to run on a database of this version, in order. */
export function missingAfter({ version }: SchemaVersion, { migrations, phase }: MigrateOptions): readonly Migration[] {
  const later = migrations.filter((migration) => migration.version > version);
  const end = phase === 'all' ? -1 : later.findIndex((migration) => migration.phase === 'contract');
  return end === -1 ? later : later.slice(0, end);
}
