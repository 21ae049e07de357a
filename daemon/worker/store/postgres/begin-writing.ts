/** How every write begins. */
import { STATEMENT_TIMEOUT_MS } from './driver.js';

/** A worker that stands still in a transaction loses it, with its locks. */
const IDLE_TIMEOUT_MS = 3_000;
/** How long a write waits for another worker's: longer, so that it does not fail because one stands still. */
const LOCK_TIMEOUT_MS = 4_000;
/** `xopc` in ASCII, and our only lock: every write holds it, so that writes see one another as on SQLite. */
export const WRITE_LOCK = 'select pg_advisory_xact_lock(2020569187, 1)';

/** Begins for writing, in one message: settings for this transaction only, because a pooler gives the session to others. */
export const beginWriting = ({
  statementTimeoutMs = STATEMENT_TIMEOUT_MS,
  lockTimeoutMs = LOCK_TIMEOUT_MS,
  idleTimeoutMs = IDLE_TIMEOUT_MS,
} = {}): string =>
  `begin; set local statement_timeout = ${statementTimeoutMs}; set local lock_timeout = ${lockTimeoutMs};
  set local idle_in_transaction_session_timeout = ${idleTimeoutMs}; ${WRITE_LOCK};`;
