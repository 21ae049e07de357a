/** Reads the rows of a database through a copy, so that looking changes nothing. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';

/** @returns the ids of outgoing messages, and what is wrong with the database; undefined where there is none or an empty one */
export function readOutgoing(path: string): { readonly ids: string[]; readonly damage?: string } {
  const directory = mkdtempSync(join(tmpdir(), 'xopc-test-'));
  const copy = join(directory, 'copy.db');
  for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
  const database = new Database(copy, {});
  try {
    const [{ quick_check: sound }] = database.pragma('quick_check') as [{ quick_check: string }];
    if (sound !== 'ok') return { ids: [], damage: sound };
    const { n } = database.prepare("select count(*) as n from sqlite_schema where name = 'outbox_messages'").get() as { n: number };
    const rows = n === 0 ? [] : (database.prepare('select id from outbox_messages').all() as { id: string }[]);
    return { ids: rows.map(({ id }) => id) };
  } finally {
    database.close();
    rmSync(directory, { recursive: true });
  }
}
