/** What becomes of a message that has not got its answer. */
import { finishInbox, type InboxMessage, putBackInbox, readInboxMessage } from '../store/delivery/inbox.js';
import type { Transaction } from '../store/transaction.js';
import { MAX_ATTEMPTS } from '../turns/attempts.js';
import { giveUpWaiting } from '../turns/steps/waiting.js';

/** Why a message is not handled again: for the owner. */
export const ERRORS = {
  interrupted: 'interrupted after effects that must not be repeated',
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

export function outcomeOf(message: InboxMessage): 'repeated' | 'interrupted' | 'poisoned' {
  if (message.attempts >= MAX_ATTEMPTS) return 'poisoned';
  return message.isRepeatable ? 'repeated' : 'interrupted';
}

/**
 * Requeues a message because the gateway itself could not complete its turn. Runs in the transaction that ends the turn.
 * @returns false when its turn had effects or has been tried often enough: then its failure is final
 */
export async function putBackFailed(tx: Transaction, { seq, instanceId }: { seq: number; instanceId: string }): Promise<boolean> {
  const message = await readInboxMessage(tx, seq);
  if (message === undefined || outcomeOf(message) !== 'repeated') return false;
  await putBackInbox(tx, { seq, instanceId, countsAttempt: true });
  return true;
}

/**
 * Decides about a message whose worker stops before the answer is complete; the attempt is not counted. Runs in a transaction.
 * @returns `repeated`: another worker handles it, or has
 */
export async function releaseInterrupted(
  tx: Transaction,
  { seq, instanceId, nowMs }: { seq: number; instanceId: string; nowMs: number },
): Promise<'repeated' | 'interrupted'> {
  const message = await readInboxMessage(tx, seq);
  if (message?.isRepeatable === true) {
    await putBackInbox(tx, { seq, instanceId, countsAttempt: false });
    return 'repeated';
  }
  const isOurs = await finishInbox(tx, { seq, instanceId, state: 'interrupted', error: ERRORS.interrupted, nowMs });
  return isOurs ? 'interrupted' : 'repeated';
}
