/** What becomes of a message that has not got its answer. */
import { finishInbox, type InboxMessage, putBackInbox, readInboxMessage } from '../store/delivery/inbox.js';
import type { Transaction } from '../store/transaction.js';
import { MAX_ATTEMPTS } from '../turns/interrupted-turn.js';
import { giveUpWaiting } from '../turns/steps/waiting.js';

/** Why a message is not handled again: for the owner. */
export const ERRORS = {
  poisoned: `the worker ended ${MAX_ATTEMPTS} times while this was handled`,
  expired: 'its account was not configured within a day',
} as const;

export type End = Omit<Parameters<typeof finishInbox>[1], 'seq'> & { readonly error: string };

/** Ends a message that gets no answer, and its turn if that waits for a person. @returns false when the instance no longer holds the message */
export async function giveUpMessage(tx: Transaction, { seq, turnId }: InboxMessage, end: End): Promise<boolean> {
  if (!(await finishInbox(tx, { seq, ...end }))) return false;
  // Otherwise an approved call would run after the message has been purged.
  if (turnId !== null) await giveUpWaiting(tx, { turnId }, { instanceId: '', error: { code: null, message: end.error }, nowMs: end.nowMs });
  return true;
}

/** Whether a message has been tried often enough. */
export const isPoisoned = ({ attempts }: InboxMessage): boolean => attempts >= MAX_ATTEMPTS;

/**
 * Requeues a message because the gateway itself could not complete its turn. Runs in the transaction that ends the turn.
 * @returns false when it has been tried often enough: then its failure is final
 */
export async function putBackFailed(tx: Transaction, { seq, instanceId }: { seq: number; instanceId: string }): Promise<boolean> {
  const message = await readInboxMessage(tx, { seq });
  if (message === undefined || isPoisoned(message)) return false;
  await putBackInbox(tx, { seq, instanceId, countsAttempt: true });
  return true;
}
