/**
 * Detects that pg_restore has filled the database. A row contains the ids of its table and of the transaction that wrote it. After
 * pg_restore both ids are different; a physical backup, a template and pg_upgrade keep them.
 */
import { endUnfinished } from '../copy/end-unfinished.js';
import { INSERT_MARK } from '../migrations/0049-restore-mark.js';
import type { Session } from './driver.js';
import { queriesOver } from './queries.js';

const FIND_MARK = `select 1 from restore_mark where written_by = xmin::text || ' ' || tableoid`;

/**
 * Ends what was unfinished when a restored database was dumped. Runs in a transaction for writing.
 * @returns whether the database has been restored since the last call
 */
export async function endRestored(session: Session): Promise<boolean> {
  if ((await session.run(FIND_MARK)).rows.length > 0) return false;
  await endUnfinished(queriesOver((sql, parameters) => session.run(sql, parameters)));
  await session.exec(`delete from restore_mark; ${INSERT_MARK}`);
  return true;
}
