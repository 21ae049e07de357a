/** A SQLite database with rows in every table that is copied, and values that engines store differently. */
import Database from 'libsql';
import { COPIED_TABLES } from '../../../../../daemon/worker/store/copy/tables.js';
import { MIGRATIONS } from '../../../../../daemon/worker/store/migrations/index.js';
import { openSqlite } from '../../../../../daemon/worker/store/sqlite/open.js';
import { encodeText } from '../../../../../daemon/worker/store/text.js';

/** More than an integer of JavaScript holds. */
const LARGE = '9007199254740993';
const TEXTS = ['', 'a\u0000b', '中文 \u{1F980}', `quote ' " \\ %_ \u001A`, ' trailing \n'];
const NUMBERS = [LARGE, '-9223372036854775808', '9223372036854775807', '0'];
const REALS = [0.1, -1e-300, 3, 123_456_789.123_456_78];

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
}

/** References, so that each row has what it refers to. */
const PARENTS: Readonly<Record<string, (row: number) => string>> = {
  session_id: String,
  message_seq: String,
  job_id: (row) => `cron_jobs id ${row}`,
};

/** Columns that may not repeat. */
const UNIQUE: ReadonlySet<string> = new Set(['key', 'update_id', 'name', 'turn_id']);

type Value = string | number | Uint8Array | null;

function valueOf({ table, name, type, notnull, isKey }: Column & { table: string; isKey: boolean }, row: number): Value {
  const parent = PARENTS[name];
  if (parent !== undefined) return parent(row);
  if (notnull === 0 && !isKey && row % 3 === 0) return null;
  if (name.startsWith('is_')) return 0;
  if (name === 'tags') return '[]';
  if (/int/i.test(type)) return isKey ? String(row) : (NUMBERS[row % NUMBERS.length] ?? '0');
  if (/real/i.test(type)) return REALS[row % REALS.length] ?? 0;
  if (/blob/i.test(type)) return Uint8Array.from({ length: row * 100 }, (_, index) => index % 256);
  return encodeText(isKey || name === 'id' ? `${table} ${name} ${row}` : `${TEXTS[row % TEXTS.length]}${UNIQUE.has(name) ? row : ''}`);
}

/** @param rows  of each table */
export async function makeFullDatabase(path: string, rows: number): Promise<void> {
  const made = await openSqlite(path, MIGRATIONS);
  await made.contract();
  await made.close();
  const database = new Database(path);
  try {
    for (const { name, key } of COPIED_TABLES) {
      if (name === 'gateway_identity') continue;
      const columns = database.prepare(`select name, type, "notnull" from pragma_table_info('${name}')`).all() as Column[];
      const names = columns.map((column) => `"${column.name}"`).join(', ');
      const insert = database.prepare(`insert into ${name} (${names}) values (${columns.map(() => '?').join(', ')})`);
      for (let row = 1; row <= rows; row += 1)
        insert.run(columns.map((column) => valueOf({ ...column, table: name, isKey: key.includes(column.name) }, row)));
    }
    // The last messages were deleted: their numbers are not given again.
    database.exec("update sqlite_sequence set seq = seq + 1000 where name = 'messages'; pragma wal_checkpoint(truncate)");
  } finally {
    database.close();
  }
}
