/** Opens a PostgreSQL database: the schema, the search index, this worker's row, the writing session and the reading sessions. */
import type { StatusWarning } from '../../../../shared/api/gateway/status.js';
import { sayOfStore } from '../../../../shared/text/sentences/store.js';
import { type OpenDatabase, storeUnavailable } from '../engine.js';
import { PROGRESS_TABLE } from '../copy/tables.js';
import type { Migration } from '../migrations/migration.js';
import { beginWriting } from './begin-writing.js';
import { Committer } from './committer.js';
import { ConnectionLost, Preparing, type ReadLimits, Readers, ReadTimeout, Session } from './driver.js';
import { slowRead } from './faults.js';
import type { Membership } from './members/membership.js';
import { migrate } from './migrate.js';
import { openAccess } from './queries.js';
import { endRestored } from './restored.js';

/** The oldest version that the statements need and the tests use. */
const OLDEST_SERVER = 15;

/** The facts about a server and its database. */
export interface Facts {
  readonly version: number;
  readonly encoding: string;
  readonly locale: string;
  /** Whether messages can be found by their text without reading all of them. */
  readonly isIndexed: boolean;
  readonly messageBytes: number;
}

/** Finds no index whose build has failed or is still running. */
const FIND_INDEX = `select indexrelid from pg_index where indexrelid = to_regclass('messages_trigrams') and indisvalid`;

const FACTS = `select current_setting('server_version_num')::bigint / 10000 as version, current_setting('server_encoding') as encoding,
  datctype as locale, exists (${FIND_INDEX}) as "isIndexed", coalesce(pg_table_size(to_regclass('messages')), 0) as "messageBytes"
  from pg_database where datname = current_database()`;

/** @throws STORE_UNAVAILABLE for a server or database that cannot be used */
export async function readFacts(session: Session, place: string): Promise<Facts> {
  const { rows } = await session.run<Facts>(FACTS);
  const [facts] = rows;
  if (facts === undefined) throw new Error('pg_database lacks the current database');
  if (facts.version < OLDEST_SERVER)
    throw storeUnavailable(place, `it is PostgreSQL ${facts.version}; ${OLDEST_SERVER} or newer is needed`);
  if (facts.encoding !== 'UTF8') throw storeUnavailable(place, `its encoding is ${facts.encoding}; create it with encoding 'UTF8'`);
  return facts;
}

const EXTENSION = 'create extension if not exists pg_trgm';
const INDEX = 'messages_trigrams on messages using gin (content gin_trgm_ops) with (gin_pending_list_limit = 512)';

/** Of how much text an index is made while nobody can write, and for how long: shorter than a write waits for another one. */
const MAX_INDEXED_BYTES = 16 * 1_048_576;
const INDEX_TIMEOUT_MS = 3_000;

/**
 * Makes the index for searches where it is missing. If workers use the database, one that takes long is left to the administrator.
 * @returns whether it exists
 */
export async function ensureIndex(session: Session, { isIndexed, messageBytes }: Facts, { isInUse = true } = {}): Promise<boolean> {
  if (isIndexed || (isInUse && messageBytes > MAX_INDEXED_BYTES)) return isIndexed;
  const begin = beginWriting({ statementTimeoutMs: isInUse ? INDEX_TIMEOUT_MS : 0 });
  try {
    const { rowCounts } = await session.exec(`${begin} ${EXTENSION}; create index if not exists ${INDEX}; ${FIND_INDEX}; commit`);
    return rowCounts.at(-2) === 1;
  } catch (error) {
    if (error instanceof ConnectionLost) throw error;
    await session.exec('rollback');
    return false;
  }
}

const MAKE_BY_HAND = `${EXTENSION}; drop index if exists messages_trigrams; create index concurrently ${INDEX}`;

/** Returns the limitations. */
export function warningsOf(place: string, { locale }: Facts, isIndexed: boolean): StatusWarning[] {
  const warnings: StatusWarning[] = [];
  if (!isIndexed) {
    warnings.push({
      code: 'STORE_SEARCH_SLOW',
      message: sayOfStore('store-search-slow', { place }),
      hint: `Install PostgreSQL’s contrib package there and run as a superuser: ${MAKE_BY_HAND}. Then restart the gateway.`,
    });
  }
  if (locale === 'C' || locale === 'POSIX') {
    warnings.push({
      code: 'STORE_LOCALE',
      message: sayOfStore('store-locale', { place, locale }),
      hint: "Create the database with another locale, such as: create database … template template0 locale 'C.UTF-8'.",
    });
  }
  return warnings;
}

const restoredWarning = (place: string): StatusWarning => ({
  code: 'STORE_RESTORED',
  message: sayOfStore('store-restored', { place }),
  hint: 'Look at the messages that were waiting: xopc messages --status unknown',
});

/** Each ended worker left one. The outcome of a commit is checked within seconds. */
const REMOVE_OLD_COMMITS = "delete from commits where created_at < clock_timestamp() - interval '1 hour'";

/** An unfinished copy has only part of the content. @throws STORE_UNAVAILABLE */
async function assertComplete(session: Session, place: string): Promise<void> {
  const { rows } = await session.run<{ copy: string | null }>('select to_regclass($1)::text as copy', [PROGRESS_TABLE]);
  if (rows[0]?.copy === null) return;
  const hint = 'Complete it with the same command as before: xopc database copy';
  throw storeUnavailable(place, 'a copy into it has not been completed', { hint });
}

export interface PostgresPlace {
  readonly url: string;
  /** The URL without user, password and settings. */
  readonly place: string;
  /** This worker's; it is joined with each opening. */
  readonly membership: Membership;
  /** Default: 10 s at the server, 12 s until the answer. */
  readonly readLimits?: ReadLimits | undefined;
}

/** Opens the database and runs the migrations that only expand. @throws STORE_UNAVAILABLE, ConnectionLost or the server's error */
export async function openPostgres(
  { url, place, membership, readLimits }: PostgresPlace,
  migrations: readonly Migration[],
): Promise<OpenDatabase> {
  const preparing = new Preparing();
  const session = await Session.open(url);
  let warnings: StatusWarning[];
  try {
    const before = await readFacts(session, place);
    await migrate(session, { url, migrations, phase: 'expand', place });
    await session.exec(beginWriting());
    await assertComplete(session, place);
    const isRestored = await endRestored(session);
    await membership.join(session);
    await session.run(REMOVE_OLD_COMMITS);
    await session.exec('commit');
    membership.start();
    warnings = warningsOf(place, before, await ensureIndex(session, before));
    if (isRestored) warnings.push(restoredWarning(place));
  } finally {
    await session.close();
  }
  const committer = new Committer({ url, place, membership, preparing });
  const readers = new Readers(url, preparing, readLimits);
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    await committer.close();
    await membership.leave();
    await readers.close();
  }
  return {
    reader: openAccess(async (sql, parameters, how) => {
      try {
        return await readers.run(sql, parameters, how);
      } catch (error) {
        throw error instanceof ReadTimeout ? slowRead(place, error) : error;
      }
    }),
    transaction: (run) => committer.transaction(run),
    warnings,
    isInPlace: () => true,
    rescue: async () => undefined,
    checkpoint: async () => undefined,
    contract: () => committer.use((own) => migrate(own, { url, migrations, phase: 'all', place })),
    close: () => (closing ??= close()),
  };
}
