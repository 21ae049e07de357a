/** Which message of a chat is handled next, and what becomes of one that was cut. Each function is part of one transaction. */
import {
  beginInboxAttempt,
  finishInbox,
  putBackInbox,
  readInboxHead,
  readInboxMessage,
  readRunningInbox,
} from '../store/delivery/inbox.js';
import type { Lane } from '../store/delivery/outbox.js';
import type { InboxMessageRow } from '../store/schema.js';
import type { Transaction } from '../store/transaction.js';

/** A message that took the worker down so often is not tried again. */
export const MAX_ATTEMPTS = 3;

export type InboxClaim =
  | { readonly type: 'message'; readonly message: InboxMessageRow }
  /** Another live worker is handling the chat's first message. */
  | { readonly type: 'held' }
  | { readonly type: 'empty' };

/** Runs in a write. Takes the chat's oldest message, and counts the attempt before it is made. */
export async function claimInbox(tx: Transaction, lane: Lane, instanceId: string): Promise<InboxClaim> {
  const message = await readInboxHead(tx, lane);
  if (message === undefined) return { type: 'empty' };
  if (message.state === 'running') return { type: 'held' };
  await beginInboxAttempt(tx, { seq: message.seq, instanceId });
  return { type: 'message', message };
}

/** A message whose handling ended with its worker. */
export interface CutMessage {
  readonly message: InboxMessageRow;
  readonly outcome: 'again' | 'interrupted' | 'poisoned';
}

function outcomeOf(message: InboxMessageRow): CutMessage['outcome'] {
  if (message.attempts >= MAX_ATTEMPTS) return 'poisoned';
  return message.is_repeatable === 0 ? 'interrupted' : 'again';
}

/** Why a message is not handled again: for the owner. */
const ERRORS = {
  interrupted: 'cut after it had done something that must not be repeated',
  poisoned: `the worker ended ${MAX_ATTEMPTS} times while this was handled`,
} as const;

/** What the chat is told of it. */
export const TOLD = {
  interrupted: 'The answer was interrupted because the gateway stopped. Send the message again to get one.',
  poisoned: 'This message could not be answered: the gateway failed each time it tried. It was set aside.',
} as const;

/** Runs in a write. Decides about what workers that are gone were handling. */
export async function recoverCut(tx: Transaction, context: { liveInstanceIds: readonly string[]; nowMs: number }): Promise<CutMessage[]> {
  const cut: CutMessage[] = [];
  for (const message of await readRunningInbox(tx)) {
    const { seq, instance_id: instanceId } = message;
    if (instanceId !== null && context.liveInstanceIds.includes(instanceId)) continue;
    const outcome = outcomeOf(message);
    if (outcome === 'again') await putBackInbox(tx, { seq, instanceId, countsAttempt: true });
    else await finishInbox(tx, { seq, instanceId, state: outcome, error: ERRORS[outcome], nowMs: context.nowMs });
    cut.push({ message, outcome });
  }
  return cut;
}

/**
 * Runs in a write. Decides about a message whose worker stops before the answer is complete: that is no attempt.
 * @returns `again`: another worker will handle it
 */
export async function cutShort(tx: Transaction, cut: { seq: number; instanceId: string; nowMs: number }): Promise<'again' | 'interrupted'> {
  const { seq, instanceId, nowMs } = cut;
  const message = await readInboxMessage(tx, seq);
  if (message?.is_repeatable === 1) {
    await putBackInbox(tx, { seq, instanceId, countsAttempt: false });
    return 'again';
  }
  await finishInbox(tx, { seq, instanceId, state: 'interrupted', error: ERRORS.interrupted, nowMs });
  return 'interrupted';
}
