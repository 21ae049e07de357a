/**
 * Entry of the bundle of databases: a `PostgresModule` for a worker with `store.url` (a worker on SQLite does not load it); a
 * `DatabaseModule` for the command line; and the role `@database`, which checks a whole database at the lowest priority and prints
 * any damage. One bundle, because nearly all of it is Kysely and the driver of PostgreSQL, which both need.
 */
import { constants, setPriority } from 'node:os';
import type { DatabaseModule } from '../../../shared/node/database-module.js';
import { copyContent as copyBetween } from '../store/copy/copy-content.js';
import { endCopied as endIn } from '../store/copy/end-unfinished.js';
import { openPostgresSource, openPostgresTarget } from '../store/postgres/copy-place.js';
import { openSqliteSource, openSqliteTarget } from '../store/sqlite/copy-place.js';
import { findDamage } from '../store/sqlite/damage.js';

export { postgresEngine } from '../store/postgres/engine.js';
export { inspectServer } from '../store/postgres/inspect.js';
export { copyDatabase, findValidAgain, prepareDatabase } from '../store/sqlite/database-copy.js';
export { findDamaged, hasDatabase } from '../store/sqlite/database-file.js';

export const copyContent: DatabaseModule['copyContent'] = async ({ from, to, onProgress, beforeEnd }) => {
  const source = await ('path' in from ? openSqliteSource(from.path) : openPostgresSource(from.url));
  try {
    const target = await ('path' in to ? openSqliteTarget(to.path) : openPostgresTarget(to.url));
    try {
      const tables = await copyBetween({ source, target, onProgress, beforeEnd });
      return { from: source.place, to: target.place, tables };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
};

export const endCopied: DatabaseModule['endCopied'] = async (at) => {
  const original = await ('path' in at ? openSqliteTarget(at.path) : openPostgresTarget(at.url));
  try {
    await original.write((db) => endIn(db, Date.now()));
  } finally {
    await original.close();
  }
};

/** Role `@database`: one line of JSON, `{ "damage": null }` for a sound file. */
export async function main([path = '']: string[]): Promise<number> {
  setPriority(constants.priority.PRIORITY_LOW);
  // Damage found by one read may be temporary; damage found by two is in the file.
  const damage = (await findDamage(path)) === null ? null : await findDamage(path);
  process.stdout.write(`${JSON.stringify({ damage })}\n`);
  return 0;
}
