/**
 * Which delivery comes next in a chat, and what an attempt has changed. Each function is part of one transaction.
 * A message's parts are sent one after another, and no message overtakes another of its chat.
 */
import type { DeliveryState, OutboxMessageRow } from '../store/schema.js';
import {
  changeMessage,
  changePart,
  type Lane,
  type MessageChange,
  readHead,
  readOutboxMessage,
  readPart,
  readPartStates,
  readSending,
} from '../store/delivery/outbox.js';
import { decideInterrupted, type DeliveryDecision } from './delivery-policy.js';
import type { Transaction } from '../store/transaction.js';

/** A delivery that is ours to send now. */
export interface ClaimedDelivery extends Lane {
  readonly seq: number;
  readonly part: number;
  /** The delivery's id, the same at every attempt: the message's, and from the second part on its number behind it. */
  readonly id: string;
  readonly messageId: string;
  readonly body: string;
  readonly attempts: number;
  readonly expiresAtMs: number;
}

export type Claim =
  | { readonly type: 'delivery'; readonly delivery: ClaimedDelivery }
  /** Something is there, but not before then. */
  | { readonly type: 'wait'; readonly dueAtMs: number; readonly expiresAtMs: number }
  /** Another live worker is sending the first one. */
  | { readonly type: 'held' }
  | { readonly type: 'empty' };

export interface ClaimContext {
  readonly instanceId: string;
  /** False: nothing is sent, but what has expired is ended. */
  readonly canSend: boolean;
  readonly nowMs: number;
}

const EXPIRED = 'expired';
const OPEN: readonly DeliveryState[] = ['queued', 'sending', 'retry_wait'];

function change(message: OutboxMessageRow, to: Partial<MessageChange> & { state: DeliveryState }): MessageChange {
  return {
    seq: message.seq,
    instanceId: null,
    dueAtMs: message.due_at,
    attemptedAtMs: message.attempted_at,
    lastError: message.last_error,
    finishedAtMs: null,
    ...to,
  };
}

/** Ends a message whose remaining parts are not sent any more. */
async function bury(tx: Transaction, message: OutboxMessageRow, { error, nowMs }: { error: string; nowMs: number }): Promise<void> {
  for (const { part, state } of await readPartStates(tx, message.seq)) {
    if (OPEN.includes(state)) await changePart(tx, { seq: message.seq, part, state: 'dead', attempts: 0 });
  }
  await changeMessage(tx, { ...change(message, { state: 'dead', lastError: error, finishedAtMs: nowMs }), nowMs });
}

/** A retry is due too when the clock was set back after the last attempt: its time could be far away. */
function isDue(message: OutboxMessageRow, nowMs: number): boolean {
  return message.due_at <= nowMs || (message.attempted_at !== null && message.attempted_at > nowMs);
}

function expiredReason(message: OutboxMessageRow): string {
  return message.last_error === null ? `${EXPIRED} before it could be sent` : `${EXPIRED}; the last attempt: ${message.last_error}`;
}

/** Runs in a write. Takes the next delivery of a chat, if there is one to be sent now. */
export async function claimNext(tx: Transaction, lane: Lane, context: ClaimContext): Promise<Claim> {
  const { instanceId, nowMs } = context;
  for (;;) {
    const message = await readHead(tx, lane);
    if (message === undefined) return { type: 'empty' };
    if (message.state === 'sending') return { type: 'held' };
    if (message.expires_at <= nowMs) {
      await bury(tx, message, { error: expiredReason(message), nowMs });
      continue;
    }
    if (!context.canSend || !isDue(message, nowMs)) return { type: 'wait', dueAtMs: message.due_at, expiresAtMs: message.expires_at };
    const states = await readPartStates(tx, message.seq);
    const next = states.find(({ state }) => OPEN.includes(state));
    const part = next === undefined ? undefined : await readPart(tx, { seq: message.seq, part: next.part });
    if (part === undefined) throw new Error(`message ${message.id} is unfinished but has no part to send`);
    await changePart(tx, { seq: message.seq, part: part.part, state: 'sending', attempts: 0 });
    await changeMessage(tx, { ...change(message, { state: 'sending', instanceId, attemptedAtMs: nowMs }), nowMs });
    const id = part.part === 1 ? message.id : `${message.id}.${part.part}`;
    const { body, attempts } = part;
    return {
      type: 'delivery',
      delivery: { ...lane, seq: message.seq, part: part.part, id, messageId: message.id, body, attempts, expiresAtMs: message.expires_at },
    };
  }
}

async function finishOrGoOn(
  tx: Transaction,
  message: OutboxMessageRow,
  { lastError, nowMs }: { lastError: string | null; nowMs: number },
): Promise<void> {
  const states = (await readPartStates(tx, message.seq)).map(({ state }) => state);
  if (states.some((state) => OPEN.includes(state)))
    return changeMessage(tx, { ...change(message, { state: 'queued', dueAtMs: nowMs, lastError }), nowMs });
  const state = states.includes('unknown') ? 'unknown' : 'delivered';
  await changeMessage(tx, {
    ...change(message, { state, lastError: state === 'delivered' ? null : lastError, finishedAtMs: nowMs }),
    nowMs,
  });
}

async function apply(
  tx: Transaction,
  message: OutboxMessageRow,
  step: { part: number; decision: DeliveryDecision; nowMs: number },
): Promise<void> {
  const { part, decision, nowMs } = step;
  await changePart(tx, { seq: message.seq, part, state: decision.state, attempts: decision.state === 'queued' ? 0 : 1 });
  switch (decision.state) {
    case 'delivered':
      return finishOrGoOn(tx, message, { lastError: message.last_error, nowMs });
    case 'unknown':
      return finishOrGoOn(tx, message, { lastError: decision.error, nowMs });
    case 'dead':
      return bury(tx, message, { error: decision.error, nowMs });
    case 'retry_wait':
      return changeMessage(tx, {
        ...change(message, { state: 'retry_wait', dueAtMs: decision.dueAtMs, lastError: decision.error }),
        nowMs,
      });
    case 'queued':
      return changeMessage(tx, { ...change(message, { state: 'queued', dueAtMs: nowMs }), nowMs });
  }
}

/**
 * Runs in a write. Records what an attempt came to.
 * @returns false when the delivery was no longer ours: another worker took us for dead, and nothing is changed
 */
export async function settle(
  tx: Transaction,
  delivery: ClaimedDelivery,
  step: { decision: DeliveryDecision; instanceId: string; nowMs: number },
): Promise<boolean> {
  const message = await readOutboxMessage(tx, delivery.seq);
  if (message?.state !== 'sending' || message.instance_id !== step.instanceId) return false;
  const part = await readPart(tx, delivery);
  if (part?.state !== 'sending') return false;
  await apply(tx, message, { part: delivery.part, decision: step.decision, nowMs: step.nowMs });
  return true;
}

/** A delivery that a worker left behind. */
export interface Orphan {
  readonly messageId: string;
  readonly channel: string;
  readonly state: 'queued' | 'unknown';
}

/** Runs in a write. Decides about what workers that are gone were sending. */
export async function recoverOrphans(
  tx: Transaction,
  context: { liveInstanceIds: readonly string[]; isIdempotent(channel: string, accountId: string): boolean; nowMs: number },
): Promise<Orphan[]> {
  const orphans: Orphan[] = [];
  for (const message of await readSending(tx)) {
    if (message.instance_id !== null && context.liveInstanceIds.includes(message.instance_id)) continue;
    const part = (await readPartStates(tx, message.seq)).find(({ state }) => state === 'sending');
    const decision = decideInterrupted(context.isIdempotent(message.channel, message.account_id), 'the worker ended');
    if (part !== undefined) await apply(tx, message, { part: part.part, decision, nowMs: context.nowMs });
    orphans.push({ messageId: message.id, channel: message.channel, state: decision.state === 'queued' ? 'queued' : 'unknown' });
  }
  return orphans;
}
