/**
 * SQLite as the source and as the target of a copy. The target is built in a separate file, which gets its final name when it is
 * complete.
 */
import { renameSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { GatewayError } from '../../../../shared/errors.js';
import { syncDirectory } from '../../../../shared/node/files/atomic-file.js';
import { shellCommand } from '../../../../shared/text/shell-word.js';
import {
  CONTINUE_HINT,
  type ColumnKind,
  type CopiedColumn,
  type CopiedRow,
  type CopySource,
  type CopyTarget,
  guardFor,
  quoted,
} from '../copy/copy-place.js';
import { type CopiedTable, PROGRESS_TABLE } from '../copy/tables.js';
import { storeUnavailable } from '../engine.js';
import { MIGRATIONS } from '../migrations/index.js';
import type { Queries } from '../schema.js';
import { decodeText } from '../text.js';
import { LibsqlConnection } from './connection.js';
import { databaseFiles, freeName, SIDECARS } from './database-file.js';
import { classifyFault, describeFault } from './faults.js';
import { openSqlite } from './open.js';
import { sqliteQueries } from './queries.js';
import { inTransaction } from './transactions.js';

const BUSY_TIMEOUT_MS = 2_000;

const guarded = guardFor({ classify: classifyFault, describe: describeFault });

/** A value of a column as the driver returns it: a text as its bytes, because one that is not UTF-8 would end the process. */
type Raw = string | number | ArrayBuffer | null;
/** `c0`, `c1`, …: the values of the columns. */
type RawRow = Record<string, Raw>;

const READ: Readonly<Record<ColumnKind, (column: string) => string>> = {
  integer: (column) => `cast(cast(${column} as integer) as text)`,
  real: (column) => column,
  text: (column) => `cast(${column} as blob)`,
  bytes: (column) => column,
};

function kindOf(type: string): ColumnKind {
  if (/int/i.test(type)) return 'integer';
  if (/real/i.test(type)) return 'real';
  return /blob/i.test(type) ? 'bytes' : 'text';
}

function valueOf(kind: ColumnKind, raw: Raw): CopiedRow[number] {
  if (!(raw instanceof ArrayBuffer)) return raw;
  return kind === 'bytes' ? new Uint8Array(raw) : decodeText(Buffer.from(raw).toString('utf8'));
}

/** Brings a database to the schema of this build, as a gateway would, and its log into the file, which is then whole without it. */
async function migrateFile(path: string): Promise<void> {
  const database = await openSqlite(path, MIGRATIONS);
  try {
    await database.contract();
    await database.checkpoint();
  } finally {
    await database.close();
  }
}

class SqlitePlace implements CopySource, CopyTarget {
  readonly place: string;
  readonly isEmptyPlace: boolean;
  readonly emptyHint: string;
  readonly query: Queries;
  readonly #path: string;
  readonly #connection: LibsqlConnection;
  #isLocked = false;

  /** @param path  of the file, which gets the name of the place at the end */
  constructor(place: string, path: string) {
    this.place = place;
    this.isEmptyPlace = path !== place;
    const old = freeName(`${path}.old`);
    const moves = databaseFiles(path).map((file) => shellCommand`mv ${file} ${old + file.slice(path.length)}`);
    this.emptyHint = `Move it away: ${moves.join(' && ')}`;
    this.#path = path;
    this.#connection = new LibsqlConnection(path);
    this.query = sqliteQueries({ run: (sql, parameters) => this.#run(sql, parameters) });
  }

  /** @param options.isLocked  keeps others from writing until it is closed */
  async begin({ isLocked }: { isLocked: boolean }): Promise<void> {
    await guarded(this.place, async () => {
      await this.#connection.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}; pragma synchronous = normal`);
      if (isLocked) await this.#connection.exec('begin immediate');
      this.#isLocked = isLocked;
    });
  }

  async columns(table: string): Promise<CopiedColumn[]> {
    const { rows } = await this.#run<{ name: string; type: string }>('select name, type from pragma_table_info(?) order by name', [table]);
    return rows.map(({ name, type }) => ({ name, kind: kindOf(type) }));
  }

  async *batches({ name, key, rowsAtOnce }: CopiedTable, columns: readonly CopiedColumn[]): AsyncIterable<readonly CopiedRow[]> {
    const indexes = key.map((wanted) => columns.findIndex((column) => column.name === wanted));
    const keys = key.map(quoted).join(', ');
    const after = indexes.map((index) => `cast(? as ${columns[index]?.kind === 'text' ? 'text' : 'integer'})`).join(', ');
    // Named by number: `order by` would take a column's own name for the value that is read.
    const values = columns.map((column, index) => `${READ[column.kind](quoted(column.name))} as c${index}`).join(', ');
    const select = (where: string): string => `select ${values} from ${quoted(name)} ${where} order by ${keys} limit ${rowsAtOnce}`;
    for (let last: RawRow | undefined; ;) {
      const { rows }: { rows: RawRow[] } =
        last === undefined
          ? await this.#run<RawRow>(select(''))
          : await this.#run<RawRow>(select(`where (${keys}) > (${after})`), bindable(last, indexes));
      last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map((row) => columns.map(({ kind }, index) => valueOf(kind, row[`c${index}`] ?? null)));
    }
  }

  async lastIdentity(table: string, column: string): Promise<string> {
    const { rows } = await this.#run<{ last: string }>(
      `select cast(max(
        coalesce((select seq from sqlite_sequence where name = ?), 0), coalesce((select max(${quoted(column)}) from ${quoted(table)}), 0)
      ) as text) as last`,
      [table],
    );
    return rows[0]?.last ?? '0';
  }

  write<T>(work: (db: Queries) => Promise<T>): Promise<T> {
    return guarded(this.place, () => inTransaction(this.#connection, () => work(this.query)));
  }

  async setIdentity(table: string, _column: string, last: string): Promise<void> {
    await this.write(async () => {
      await this.#run('delete from sqlite_sequence where name = ?', [table]);
      await this.#run('insert into sqlite_sequence (name, seq) values (?, cast(? as integer))', [table, last]);
    });
  }

  async prepare(): Promise<void> {
    await this.write(async () => {
      await this.#run("insert into messages_search (messages_search) values ('rebuild')");
      await this.#run('update messages_search_position set position = coalesce((select max(seq) from messages), 0)');
    });
  }

  async finish(): Promise<void> {
    if (this.#path === this.place) return;
    await guarded(this.place, async () => {
      await this.#connection.exec(`drop table if exists ${PROGRESS_TABLE}; pragma wal_checkpoint(truncate)`);
    });
    if (databaseFiles(this.#path).length > 1) throw this.#interrupted(`another program uses ${basename(this.#path)}`);
    const [found] = databaseFiles(this.place);
    if (found !== undefined) throw this.#interrupted(`${basename(found)} was put there during the copy`);
    this.#connection.close();
    for (const suffix of SIDECARS) rmSync(this.#path + suffix, { force: true });
    renameSync(this.#path, this.place);
    await syncDirectory(dirname(this.place));
  }

  async close(): Promise<void> {
    // Closing alone would leave the lock to the garbage collector, with the statements.
    if (this.#isLocked) await this.#connection.exec('rollback').catch(() => undefined);
    this.#connection.close();
  }

  #run<R>(sql: string, parameters: readonly unknown[] = []) {
    return guarded(this.place, () => this.#connection.run<R>(sql, parameters));
  }

  #interrupted(reason: string): GatewayError {
    return storeUnavailable(this.place, reason, { hint: CONTINUE_HINT });
  }
}

/** Returns values of a row as parameters. */
function bindable(row: RawRow, indexes: readonly number[]): (string | number | Uint8Array | null)[] {
  return indexes.map((index) => {
    const raw = row[`c${index}`] ?? null;
    return raw instanceof ArrayBuffer ? new Uint8Array(raw) : raw;
  });
}

/** @throws STORE_UNAVAILABLE */
export async function openSqliteSource(path: string): Promise<CopySource> {
  if (databaseFiles(path).length === 0) throw storeUnavailable(path, 'it does not exist', { hint: 'There is nothing to copy.' });
  await migrateFile(path);
  const source = new SqlitePlace(path, path);
  await source.begin({ isLocked: true });
  return source;
}

/** @throws STORE_UNAVAILABLE, also where a log without its database would be taken for that of the copy */
export async function openSqliteTarget(path: string): Promise<CopyTarget> {
  const file = databaseFiles(path).length > 0 ? path : `${path}.copy`;
  await migrateFile(file);
  const target = new SqlitePlace(path, file);
  await target.begin({ isLocked: false });
  return target;
}
