/** Changes the chosen branch of a chat: another question, another answer, another variant. Each function runs in a transaction. */
import { GatewayError } from '../../../shared/errors.js';
import { webchatLane } from '../channels/webchat.js';
import { choosePath, leavePath, questionOf, readAside, seqBefore } from '../store/conversations/branches.js';
import { hasPendingInbox } from '../store/delivery/inbox.js';
import { findMessage, type Message } from '../store/conversations/messages.js';
import type { Session } from '../store/conversations/sessions.js';
import { readRunningTurns } from '../store/conversations/turns.js';
import type { Transaction } from '../store/transaction.js';
import { listWaitingTurns } from '../store/turns/waiting-turns.js';

interface Target {
  readonly session: Session;
  readonly messageId: string;
  /** The inbox message that requests the change, if any. */
  readonly nextId?: string;
}

/** Maximum variants of one message. */
const MAX_VARIANTS = 50;

async function findIn(tx: Transaction, { session, messageId }: Target): Promise<Message> {
  const message = await findMessage(tx, messageId);
  if (message?.sessionId === session.id) return message;
  throw new GatewayError('CONFLICT', {
    message: `the message '${messageId}' is no longer in this session`,
    hint: 'Reload the session.',
  });
}

async function checkIdle(tx: Transaction, { session, nextId = '' }: Target): Promise<void> {
  const running = await readRunningTurns(tx);
  const isBusy =
    running.some((turn) => turn.sessionId === session.id) ||
    (await listWaitingTurns(tx, { sessionKey: session.key })).some((turn) => turn.sessionId === session.id) ||
    (await hasPendingInbox(tx, { ...webchatLane(session.key), exceptId: nextId }));
  if (isBusy) throw new GatewayError('CONFLICT', { message: 'an answer is in progress in this session', hint: 'Stop it first.' });
}

async function checkOnPath(message: Message): Promise<void> {
  if (message.parentSeq === null) return;
  throw new GatewayError('CONFLICT', {
    message: `the message '${message.id}' is not on the chosen path of this session`,
    hint: 'Reload the session; POST /api/sessions/:key/choose chooses a variant.',
  });
}

async function checkRoom(tx: Transaction, { sessionId, seq }: { sessionId: number; seq: number }): Promise<void> {
  const others = (await readAside(tx, { sessionId, fromSeq: seq, toSeq: seq })).get(seq) ?? [];
  if (others.length + 1 < MAX_VARIANTS) return;
  throw new GatewayError('CONFLICT', {
    message: `this message already has ${MAX_VARIANTS} variants`,
    hint: 'Continue in a fork: POST /api/sessions/:key/fork',
  });
}

/** Removes that message and all after it from the branch, to be replaced by another. @returns its `seq` */
export async function takeBack(tx: Transaction, target: Target): Promise<number> {
  const message = await findIn(tx, target);
  await checkOnPath(message);
  await checkIdle(tx, target);
  const place = { sessionId: target.session.id, seq: await seqBefore(tx, { sessionId: target.session.id, seq: message.seq }) };
  await checkRoom(tx, place);
  await leavePath(tx, place);
  return message.seq;
}

/** Returns the message itself if it is a question, otherwise the question that it answers. */
export async function findQuestion(tx: Transaction, target: Target): Promise<Message> {
  const message = await findIn(tx, target);
  const question = message.role === 'user' ? message : await questionOf(tx, { sessionId: target.session.id, seq: message.seq });
  if (question !== undefined) return question;
  throw new GatewayError('CONFLICT', {
    message: `no question precedes the message '${target.messageId}'`,
    hint: 'Ask a question first.',
  });
}

/** Removes the answer to a question from the branch, to be replaced by another. The target is the question, or its answer. */
export async function askAgain(tx: Transaction, target: Target & { question: Message }): Promise<void> {
  // The question of an answer outside of the branch is unknown.
  await checkOnPath(await findIn(tx, target));
  await checkIdle(tx, target);
  const place = { sessionId: target.session.id, seq: target.question.seq };
  await checkRoom(tx, place);
  await leavePath(tx, place);
}

/** Chooses a variant. @returns the `seq` from which messages may have changed; undefined if none have */
export async function choose(tx: Transaction, target: Target): Promise<number | undefined> {
  const message = await findIn(tx, target);
  if (message.parentSeq === null) return undefined;
  await checkIdle(tx, target);
  return (await choosePath(tx, message)) + 1;
}
