/** Brings a database to the newest schema. The version is a row. Everything runs in one transaction, under the write lock. */
import { storeUnavailable } from '../engine.js';
import { type MigrateOptions, missingAfter, runMigration, type SchemaVersion, versionAfter } from '../migrations/migration.js';
import { beginWriting } from './begin-writing.js';
import { Session } from './driver.js';
import { classifyFault } from './faults.js';
import { queriesOver } from './queries.js';

/** How long opening waits for another worker that changes the schema. */
const LOCK_TIMEOUT_MS = 60_000;
/** How long it waits for a table, such as one that is being dumped, while nobody can write. Opening is tried again. */
const TABLE_TIMEOUT_MS = 2_000;

const NONE: SchemaVersion = { version: 0, minimumReader: 0 };

async function exists(session: Session, table: string): Promise<boolean> {
  const { rows } = await session.run<{ found: string | null }>('select to_regclass($1)::text as found', [table]);
  return rows[0]?.found !== null;
}

/** @returns undefined for an empty database. @throws STORE_UNAVAILABLE for one that is not ours */
export async function readVersion(session: Session, place: string): Promise<SchemaVersion | undefined> {
  if (!(await exists(session, 'xopc_schema'))) {
    if (await exists(session, 'sessions'))
      throw storeUnavailable(place, 'it belongs to another program: it has a table sessions that is not ours');
    return undefined;
  }
  const { rows } = await session.run<SchemaVersion>('select version, minimum_reader as "minimumReader" from xopc_schema');
  return rows[0] ?? NONE;
}

export interface PostgresMigrateOptions extends MigrateOptions {
  readonly url: string;
}

/**
 * Runs the migrations that are missing, over a session of their own, because they may take long.
 * @throws STORE_UNAVAILABLE for a database that this build cannot work with
 */
export async function migrate(session: Session, options: PostgresMigrateOptions): Promise<void> {
  const newest = options.migrations.at(-1)?.version ?? 0;
  const version = (await readVersion(session, options.place)) ?? NONE;
  if (version.minimumReader > newest) {
    throw storeUnavailable(
      options.place,
      `it was changed by a newer xopc (schema ${version.version}, this one knows ${newest}); start that version`,
    );
  }
  if (missingAfter(version, options).length === 0) return;
  const patient = await Session.open(options.url, { timeoutMs: 0 });
  try {
    await runMissing(patient, options);
  } finally {
    await patient.close();
  }
}

async function runMissing(session: Session, options: MigrateOptions): Promise<void> {
  await session.exec(beginWriting({ statementTimeoutMs: 0, lockTimeoutMs: LOCK_TIMEOUT_MS }));
  try {
    await session.exec(`set local lock_timeout = ${TABLE_TIMEOUT_MS}`);
    await session.exec(`create table if not exists xopc_schema (version bigint not null, minimum_reader bigint not null)`);
    // Another worker may have run them while this one waited for the lock.
    let current = (await readVersion(session, options.place)) ?? NONE;
    const db = queriesOver((sql, parameters) => session.run(sql, parameters));
    for (const migration of missingAfter(current, options)) {
      await runMigration(migration, { db, dialect: 'postgres', place: options.place, classify: classifyFault });
      current = versionAfter(current, migration);
    }
    await session.exec('delete from xopc_schema');
    await session.run('insert into xopc_schema (version, minimum_reader) values ($1, $2)', [current.version, current.minimumReader]);
    await session.exec('commit');
  } catch (error) {
    await session.exec('rollback').catch(() => undefined);
    throw error;
  }
}
