/** Asking again, asking otherwise, and going back to what was said before. Each is part of one transaction. */
import { GatewayError } from '../../../shared/errors.js';
import { choosePath, leavePath, questionOf, readAside, seqBefore } from '../store/conversations/branches.js';
import { hasPendingInbox } from '../store/delivery/inbox.js';
import { findMessage, type Message } from '../store/conversations/messages.js';
import type { Session } from '../store/conversations/sessions.js';
import { readRunningTurns } from '../store/conversations/turns.js';
import type { Transaction } from '../store/transaction.js';

interface Target {
  readonly session: Session;
  readonly messageId: string;
  /** The message of the inbox that brings the change, if one does. */
  readonly nextId?: string;
}

/** Of one message. More is no choice any more, and everything is bounded. */
const MAX_VARIANTS = 50;

/** Where the messages of a chat of the page wait. */
export const webchatLane = (session: string) => ({ channel: 'webchat', accountId: 'default', chatId: session });

async function findIn(tx: Transaction, { session, messageId }: Target): Promise<Message> {
  const message = await findMessage(tx, messageId);
  if (message?.sessionId === session.id) return message;
  throw new GatewayError('CONFLICT', {
    message: `the message '${messageId}' is not in this session any more`,
    hint: 'Read the session again.',
  });
}

async function checkIdle(tx: Transaction, { session, nextId = '' }: Target): Promise<void> {
  const running = await readRunningTurns(tx);
  const isBusy =
    running.some((turn) => turn.session_id === session.id) ||
    (await hasPendingInbox(tx, { ...webchatLane(session.key), exceptId: nextId }));
  if (isBusy) throw new GatewayError('CONFLICT', { message: 'an answer is being given in this session', hint: 'Stop it first.' });
}

async function checkOnPath(message: Message): Promise<void> {
  if (message.parentSeq === null) return;
  throw new GatewayError('CONFLICT', {
    message: `another variant than '${message.id}' is chosen in this session`,
    hint: 'Read the session again; POST /api/sessions/:key/choose chooses a variant.',
  });
}

async function checkRoom(tx: Transaction, { sessionId, seq }: { sessionId: number; seq: number }): Promise<void> {
  const others = (await readAside(tx, { sessionId, fromSeq: seq, toSeq: seq })).get(seq) ?? [];
  if (others.length + 1 < MAX_VARIANTS) return;
  throw new GatewayError('CONFLICT', {
    message: `there are ${MAX_VARIANTS} variants here already`,
    hint: 'Continue in a copy: POST /api/sessions/:key/fork',
  });
}

/** That message and what follows it make room for another in its place. @returns its number */
export async function takeBack(tx: Transaction, target: Target): Promise<number> {
  const message = await findIn(tx, target);
  await checkOnPath(message);
  await checkIdle(tx, target);
  const place = { sessionId: target.session.id, seq: await seqBefore(tx, { sessionId: target.session.id, seq: message.seq }) };
  await checkRoom(tx, place);
  await leavePath(tx, place);
  return message.seq;
}

/** @returns the question of that message, or that it answers */
export async function findQuestion(tx: Transaction, target: Target): Promise<Message> {
  const message = await findIn(tx, target);
  const question = message.role === 'user' ? message : await questionOf(tx, { sessionId: target.session.id, seq: message.seq });
  if (question !== undefined) return question;
  throw new GatewayError('CONFLICT', {
    message: `nothing was asked before the message '${target.messageId}'`,
    hint: 'Ask something first.',
  });
}

/** What follows the question makes room for another answer. */
export async function askAgain(tx: Transaction, target: Target & { question: Message }): Promise<void> {
  await checkOnPath(target.question);
  await checkIdle(tx, target);
  const place = { sessionId: target.session.id, seq: target.question.seq };
  await checkRoom(tx, place);
  await leavePath(tx, place);
}

/** @returns the number of the first message that may be another than before; undefined: nothing is */
export async function choose(tx: Transaction, target: Target): Promise<number | undefined> {
  const message = await findIn(tx, target);
  if (message.parentSeq === null) return undefined;
  await checkIdle(tx, target);
  return (await choosePath(tx, message)) + 1;
}
