/** Records the results of attempts and their consequences. All functions run in a transaction. */
import type { OutgoingStatus } from '../../../shared/delivery-status.js';
import {
  abandonOpenParts,
  changeMessage,
  changePart,
  type Lane,
  type OutboxMessage,
  readPartStates,
  setPartBody,
} from '../store/delivery/outbox.js';
import type { Transaction } from '../store/transaction.js';
import type { DeliveryDecision } from './delivery-policy.js';

/** A message that will not be sent any more. */
export interface EndedMessage extends Lane {
  readonly id: string;
  readonly state: 'delivered' | 'unknown' | 'dead';
  readonly error: string | null;
}

/** Called for a message that ends, in the same transaction. @returns a function to call after the commit */
export type OnMessageEnd = (tx: Transaction, message: EndedMessage) => Promise<(() => void) | undefined>;

const OPEN: readonly OutgoingStatus[] = ['queued', 'sending', 'retry_wait'];

type End = Pick<EndedMessage, 'state' | 'error'> & { readonly nowMs: number };

async function end(tx: Transaction, message: OutboxMessage, { state, error, nowMs }: End): Promise<EndedMessage> {
  await changeMessage(tx, message, { state, lastError: error, finishedAtMs: nowMs, nowMs });
  const { id, channel, accountId, chatId } = message;
  return { id, channel, accountId, chatId, state, error };
}

/** Ends a message whose remaining parts are not sent. */
export async function markDead(
  tx: Transaction,
  message: OutboxMessage,
  { error, nowMs }: { error: string; nowMs: number },
): Promise<EndedMessage> {
  await abandonOpenParts(tx, message);
  return end(tx, message, { state: 'dead', error, nowMs });
}

/** Records the result of an attempt at a part. @returns the message if it has ended */
export async function recordAttempt(
  tx: Transaction,
  before: OutboxMessage,
  step: { readonly part: number; readonly decision: DeliveryDecision; readonly nowMs: number },
): Promise<EndedMessage | undefined> {
  const { part, decision, nowMs } = step;
  const sentId = (decision.state === 'delivered' ? decision.sentId : undefined) ?? before.sentId;
  const message = { ...before, sentId };
  await changePart(tx, { seq: message.seq, part, state: decision.state, attempts: decision.state === 'queued' ? 0 : 1 });
  switch (decision.state) {
    case 'delivered':
      return endOrContinue(tx, message, { lastError: message.lastError, nowMs });
    case 'unknown':
      return endOrContinue(tx, message, { lastError: decision.error, nowMs });
    case 'dead':
      return markDead(tx, message, { error: decision.error, nowMs });
    case 'retry_wait':
      await changeMessage(tx, message, { state: 'retry_wait', dueAtMs: decision.dueAtMs, lastError: decision.error, nowMs });
      return undefined;
    case 'queued':
      if (decision.body !== undefined) await setPartBody(tx, { seq: message.seq, part, body: decision.body });
      await changeMessage(tx, message, { state: 'queued', dueAtMs: nowMs, nowMs });
      return undefined;
  }
}

async function endOrContinue(
  tx: Transaction,
  message: OutboxMessage,
  { lastError, nowMs }: { lastError: string | null; nowMs: number },
): Promise<EndedMessage | undefined> {
  const states = await readPartStates(tx, message.seq);
  if (states.some((state) => OPEN.includes(state))) {
    await changeMessage(tx, message, { state: 'queued', dueAtMs: nowMs, lastError, nowMs });
    return undefined;
  }
  const isUnknown = states.includes('unknown');
  return end(tx, message, { state: isUnknown ? 'unknown' : 'delivered', error: isUnknown ? lastError : null, nowMs });
}
