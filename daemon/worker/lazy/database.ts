/**
 * Entry of the bundle that works on a database without a worker: a `DatabaseModule` for `backup` and `restore`, and the
 * role `@database`, which reads a whole database at the lowest priority and prints what is wrong with it.
 */
import { constants, setPriority } from 'node:os';
import { findDamage } from '../store/sqlite/database-copy.js';

export { copyDatabase, prepareDatabase } from '../store/sqlite/database-copy.js';

/** Role `@database`: one line of JSON, `{ "damage": null }` for a sound file. */
export async function main([path = '']: string[]): Promise<number> {
  setPriority(constants.priority.PRIORITY_LOW);
  // What one reading finds may be of the moment only; what two find is in the file.
  const damage = (await findDamage(path)) === null ? null : await findDamage(path);
  process.stdout.write(`${JSON.stringify({ damage })}\n`);
  return 0;
}
