/**
 * Detects that pg_restore has filled the database. A row contains the ids of its table and of the transaction that wrote it. After
 * pg_restore both ids are different; a physical backup, a template and pg_upgrade keep them. pg_repack keeps that of the table alone,
 * usually while gateways run: while one does, that is enough, and it corrects the row.
 */
import { endUnfinished, RESTORED_REASONS } from '../copy/end-unfinished.js';
import { INSERT_MARK } from '../migrations/0049-restore-mark.js';
import type { Session } from './driver.js';
import { queriesOver } from './queries.js';

const IS_SAME_TABLE = "split_part(written_by, ' ', 2) = tableoid::text";

const FIND_MARK = `select 1 from restore_mark where ${IS_SAME_TABLE}
  and (split_part(written_by, ' ', 1) = xmin::text or exists (select from instances where expires_at > clock_timestamp()))`;

/** Run by each living worker as long as it has the database open. */
export const KEEP_MARK = `update restore_mark set written_by = pg_current_xact_id()::xid::text || ' ' || tableoid
  where ${IS_SAME_TABLE} and split_part(written_by, ' ', 1) <> xmin::text`;

/**
 * Ends what was unfinished when a restored database was dumped. Runs in a transaction for writing.
 * @returns whether the database has been restored since the last call
 */
export async function endRestored(session: Session): Promise<boolean> {
  if ((await session.run(FIND_MARK)).rows.length > 0) return false;
  await endUnfinished(
    queriesOver((sql, parameters) => session.run(sql, parameters)),
    Date.now(),
    RESTORED_REASONS,
  );
  await session.exec(`delete from restore_mark; ${INSERT_MARK}`);
  return true;
}
