/** PostgreSQL as the source and as the target of a copy. */
import { GatewayError } from '../../../../shared/errors.js';
import { placeOfDatabase } from '../../../../shared/node/config/database-url.js';
import {
  type ColumnKind,
  type CopiedColumn,
  type CopiedRow,
  type CopySource,
  type CopyTarget,
  guardFor,
  quoted,
} from '../copy/copy-place.js';
import { COPIED_TABLES, type CopiedTable, PROGRESS_TABLE } from '../copy/tables.js';
import { storeUnavailable } from '../engine.js';
import type { Queries } from '../schema.js';
import { beginWriting } from './begin-writing.js';
import { Session } from './driver.js';
import { postgresMigrations } from './engine.js';
import { classifyFault, describeFault } from './faults.js';
import { migrate } from './migrate.js';
import { ensureIndex, type Facts, readFacts } from './open.js';
import { queriesOver } from './queries.js';

/** The other database may be slow in the meantime. */
const UNLIMITED = { statementTimeoutMs: 0, idleTimeoutMs: 0 };

const LIVING = 'select name from instances where expires_at > clock_timestamp()';

const KINDS: Readonly<Record<string, ColumnKind>> = {
  bigint: 'integer',
  integer: 'integer',
  'double precision': 'real',
  text: 'text',
  bytea: 'bytes',
};

const guarded = guardFor({ classify: classifyFault, describe: describeFault });

class PostgresPlace implements CopySource, CopyTarget {
  readonly place: string;
  readonly isEmptyPlace = true;
  readonly emptyHint = 'Create a new database for the copy.';
  readonly query: Queries;
  readonly #session: Session;
  readonly #facts: Facts;
  /** A transaction is open until it is closed. */
  #isLocked = false;

  constructor(place: string, session: Session, facts: Facts) {
    this.place = place;
    this.#session = session;
    this.#facts = facts;
    this.query = queriesOver((sql, parameters) => this.#run(sql, parameters));
  }

  /** Keeps everyone from writing until it is closed. */
  async lock(): Promise<void> {
    await this.#begin();
    this.#isLocked = true;
    if ((await this.columns(PROGRESS_TABLE)).length > 0) throw storeUnavailable(this.place, 'a copy into it has not been completed');
  }

  async columns(table: string): Promise<CopiedColumn[]> {
    const { rows } = await this.#run<{ name: string; type: string }>(
      `select attname as name, format_type(atttypid, null) as type from pg_attribute
      where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attname collate "C"`,
      [table],
    );
    return rows.map(({ name, type }) => ({ name, kind: KINDS[type] ?? 'text' }));
  }

  async *batches({ name, key, rowsAtOnce }: CopiedTable, columns: readonly CopiedColumn[]): AsyncIterable<readonly CopiedRow[]> {
    const kinds = new Map(columns.map((column) => [column.name, column.kind]));
    const order = key.map((column) => `${quoted(column)}${kinds.get(column) === 'text' ? ' collate "C"' : ''}`).join(', ');
    const values = columns.map((column) => (column.kind === 'integer' ? `${quoted(column.name)}::text` : quoted(column.name)));
    const aliased = values.map((value, index) => `${value} as c${index}`).join(', ');
    if (!this.#isLocked) await this.#exec('begin; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0');
    await this.#exec(`declare copied no scroll cursor for select ${aliased} from ${quoted(name)} order by ${order}`);
    try {
      for (;;) {
        const { rows } = await this.#run<Record<string, CopiedRow[number]>>(`fetch ${rowsAtOnce} from copied`);
        if (rows.length === 0) break;
        yield rows.map((row) => columns.map((_column, index) => row[`c${index}`] ?? null));
      }
    } finally {
      // Also when the copy starts again. After a lost connection this fails as the fetch has, whose error is the one to report.
      await this.#exec(this.#isLocked ? 'close copied' : 'commit').catch(() => undefined);
    }
  }

  async lastIdentity(table: string, column: string): Promise<string> {
    const { rows } = await this.#run<{ last: string }>(
      `select greatest(
        coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, $2)), 0), (select max(${quoted(column)}) from ${quoted(table)})
      )::text as last`,
      [table, column],
    );
    return rows[0]?.last ?? '0';
  }

  async write<T>(work: (db: Queries) => Promise<T>): Promise<T> {
    try {
      await this.#begin();
      const value = await work(this.query);
      await this.#exec('commit');
      return value;
    } catch (error) {
      if (!this.#session.isLost) await this.#session.exec('rollback').catch(() => undefined);
      throw error;
    }
  }

  async setIdentity(table: string, column: string, last: string): Promise<void> {
    if (last !== '0') await this.#run('select setval(pg_get_serial_sequence($1, $2), $3)', [table, column, last]);
  }

  async prepare(): Promise<void> {
    await guarded(this.place, () => ensureIndex(this.#session, this.#facts, { isInUse: false }));
    // Plans made for empty tables are slow with full ones.
    await this.#exec(`analyze ${COPIED_TABLES.map(({ name }) => quoted(name)).join(', ')}`);
  }

  async finish(): Promise<void> {
    await this.write(async () => this.#exec(`drop table if exists ${PROGRESS_TABLE}`));
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  /** @throws CONFLICT while a gateway uses the database */
  async assertUnused(): Promise<void> {
    const { rows } = await this.#run<{ name: string }>(LIVING);
    if (rows.length > 0) throw inUse(this.place, [...new Set(rows.map(({ name }) => name))]);
  }

  /** Begins for writing. @throws CONFLICT while a gateway uses the database */
  async #begin(): Promise<void> {
    const { rowCounts } = await guarded(this.place, () => this.#session.exec(`${beginWriting(UNLIMITED)} ${LIVING}`));
    if (rowCounts.at(-1) !== 0) await this.assertUnused();
  }

  async #exec(sql: string): Promise<void> {
    await guarded(this.place, () => this.#session.exec(sql));
  }

  #run<R>(sql: string, parameters: readonly unknown[] = []) {
    return guarded(this.place, () => this.#session.run<R>(sql, parameters));
  }
}

function inUse(place: string, names: readonly string[]): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `${place} is in use by ${names.join(' and ')}`,
    hint: 'Stop every gateway that uses it: xopc gateway stop. One that was killed counts for 15 more seconds.',
  });
}

/** Connects, and brings the database to the schema of this build, as a gateway would. */
async function open(url: string): Promise<PostgresPlace> {
  const place = placeOfDatabase(url);
  const session = await guarded(place, () => Session.open(url, { timeoutMs: 0 }));
  try {
    return await guarded(place, async () => {
      const facts = await readFacts(session, place);
      const migrations = postgresMigrations();
      await migrate(session, { url, migrations, phase: 'expand', place });
      const opened = new PostgresPlace(place, session, facts);
      await opened.assertUnused();
      await migrate(session, { url, migrations, phase: 'all', place });
      return opened;
    });
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** @throws STORE_UNAVAILABLE, CONFLICT */
export async function openPostgresSource(url: string): Promise<CopySource> {
  const source = await open(url);
  try {
    await source.lock();
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** @throws STORE_UNAVAILABLE */
export async function openPostgresTarget(url: string): Promise<CopyTarget> {
  return open(url);
}
