/** How every write begins. */
import { IDLE_TIMEOUT_MS, LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } from './driver.js';

/** `xopc` in ASCII. Our only lock: every write holds it, so that writes are serialized as on SQLite. */
const LOCK = [2020569187, 1] as const;
export const WRITE_LOCK = `select pg_advisory_xact_lock(${LOCK.join(', ')})`;

/** Whatever the default of the database or the role is: a statement sees what others committed while it waited. */
export const BEGIN = 'begin isolation level read committed';

/** Begins for writing, in one message: settings for this transaction only, because a pooler gives the session to others. */
export const beginWriting = ({
  statementTimeoutMs = STATEMENT_TIMEOUT_MS,
  lockTimeoutMs = LOCK_TIMEOUT_MS,
  idleTimeoutMs = IDLE_TIMEOUT_MS,
} = {}): string =>
  `${BEGIN}; set local statement_timeout = ${statementTimeoutMs}; set local lock_timeout = ${lockTimeoutMs};
  set local idle_in_transaction_session_timeout = ${idleTimeoutMs}; ${WRITE_LOCK};`;

/**
 * Ends the session that holds the lock if its client sent a part of a statement and then nothing for `silentMs`: that client is
 * suspended or cut off. The server itself would wait forever, because its limits do not cover the middle of a statement.
 */
export const endSilentWriter = (
  silentMs: number,
): string => `select pg_terminate_backend(pid, ${LOCK_TIMEOUT_MS}) from pg_locks join pg_stat_activity using (pid)
  where locktype = 'advisory' and (classid, objid) = (${LOCK.join(', ')}) and granted and datname = current_database()
  and state = 'active' and wait_event = 'ClientRead' and state_change < clock_timestamp() - interval '${silentMs} ms'`;
