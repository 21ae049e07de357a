/** Copies a conversation, up to a message or whole, step by step. */
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { findAgent } from '../config/agents.js';
import type { Attachments } from '../files/attachments.js';
import { listAttachments } from '../store/conversations/attachments.js';
import { findMessage, insertMessages, type Message, readMessagesAfter, readNewestMessages } from '../store/conversations/messages.js';
import { getSession, type Session } from '../store/conversations/sessions.js';
import type { KeyUse } from '../store/idempotency.js';
import { findSummary, insertSummary } from '../store/summaries/summaries.js';
import type { Transaction } from '../store/transaction.js';
import { type Filled, type SessionMakerOptions, type Step, STEP_LENGTH, STEP_MESSAGES } from './make-session.js';

export interface ForkOptions extends SessionMakerOptions {
  readonly attachments: Pick<Attachments, 'copy'>;
}

type ForkedSummary = Awaited<ReturnType<typeof findSummary>>;

interface Fork {
  readonly source: Session;
  /** The last message of the copy; undefined for an empty conversation. */
  readonly last: Message | undefined;
  readonly summary: ForkedSummary;
}

/** The outcome of copying a summary. */
const NO_USAGE = { inputTokens: null, outputTokens: null, costUsd: null };

/** @throws SESSION_NOT_FOUND; CONFLICT for a message of another session */
async function findFork(tx: Transaction, { key, messageId }: { key: string; messageId: string | undefined }): Promise<Fork> {
  const source = await getSession(tx, key);
  const [newest] = await readNewestMessages(tx, { sessionId: source.id, limit: 1 });
  const last = messageId === undefined ? newest : await findMessage(tx, messageId);
  if (messageId !== undefined && (last?.sessionId !== source.id || last.parentSeq !== null)) {
    throw new GatewayError('CONFLICT', {
      message: `the message '${messageId}' is not in this session, or another variant is chosen`,
      hint: 'Reload the session; POST /api/sessions/:key/choose chooses a variant.',
    });
  }
  // After `/new`, the copy has more in its context than the summaries cover.
  const holds = last !== undefined && source.contextAfterSeq === 0;
  const summary = holds ? await findSummary(tx, { sessionId: source.id, afterSeq: 0, beforeSeq: last.seq + 1 }) : undefined;
  return { source, last, summary };
}

/** Messages of the source that are copied in one write each, and which of them have files. */
interface Batch {
  readonly steps: readonly (readonly Message[])[];
  readonly withFiles: ReadonlySet<string>;
  /** `seq` of its last message. */
  readonly endSeq: number;
}

/** @throws CONFLICT when the path has changed since the fork began */
async function checkPath(tx: Transaction, { last }: Fork): Promise<void> {
  // A last message that has a parent is no longer on the chosen branch.
  if (last === undefined || (await findMessage(tx, last.id))?.parentSeq !== null)
    throw new GatewayError('CONFLICT', { message: 'the session was changed while it was copied', hint: 'Try again.' });
}

/** Reads the next messages, outside of the writes that copy them. @throws as {@link checkPath} */
async function readBatch(tx: Transaction, fork: Fork, afterSeq: number): Promise<Batch> {
  const { source, last } = fork;
  await checkPath(tx, fork);
  const read = await readMessagesAfter(tx, { sessionId: source.id, afterSeq, limit: STEP_MESSAGES });
  const batch = read.filter(({ seq }) => seq <= (last?.seq ?? 0));
  const ids = batch.filter(({ role }) => role === 'user' || role === 'tool').map(({ id }) => id);
  const files = await listAttachments(tx, source.id, ids);
  const steps: Message[][] = [];
  let length = STEP_LENGTH;
  for (const message of batch) {
    if (length >= STEP_LENGTH) {
      steps.push([]);
      length = 0;
    }
    steps.at(-1)?.push(message);
    length += message.content.length + (files.get(message.id) ?? []).reduce((sum, { size }) => sum + size, 0);
  }
  return { steps, withFiles: new Set(files.keys()), endSeq: batch.at(-1)?.seq ?? Number.MAX_SAFE_INTEGER };
}

interface ForkStep extends Pick<Batch, 'withFiles'> {
  readonly fork: Fork;
  readonly copy: Session;
  readonly messages: readonly Message[];
}

/** Copies the messages of a step. @throws as {@link checkPath} */
async function copyNext(tx: Transaction, options: ForkOptions, { fork, copy, messages, withFiles }: ForkStep): Promise<void> {
  await checkPath(tx, fork);
  const copies = messages.map(({ seq, id, ...message }) => ({ ...message, id: newId('msg'), from: { seq, id }, turnId: null }));
  await insertMessages(
    tx,
    copy.id,
    copies.map(({ createdAtMs, ...message }) => ({ ...message, nowMs: createdAtMs })),
  );
  for (const { id: messageId, from } of copies) {
    if (withFiles.has(from.id))
      await options.attachments.copy(tx, { sessionId: fork.source.id, messageId: from.id }, { sessionId: copy.id, messageId });
    if (from.seq !== fork.summary?.coversSeq) continue;
    const coversSeq = (await findMessage(tx, messageId))?.seq ?? 0;
    const summary = { ...fork.summary, id: newId('sum'), sessionId: copy.id, coversSeq };
    await insertSummary(tx, { ...summary, usage: NO_USAGE, nowMs: options.clock.now() });
  }
}

/**
 * Fills a session with a copy of another one. @throws SESSION_NOT_FOUND; CONFLICT for a message of another session, and when
 * another branch is selected in the meantime
 */
export async function fillFork(
  step: Step,
  options: ForkOptions,
  { use, ...what }: { key: string; messageId: string | undefined; use: KeyUse | undefined },
): Promise<Filled> {
  const fork = await options.store.read((tx) => findFork(tx, what));
  const { source, last } = fork;
  const agentId = findAgent(options.config(), source.agentId).id;
  for (let afterSeq = 0; afterSeq < (last?.seq ?? 0);) {
    const from = afterSeq;
    const { steps, withFiles, endSeq } = await options.store.read((tx) => readBatch(tx, fork, from));
    for (const messages of steps) await step((tx, copy) => copyNext(tx, options, { fork, copy, messages, withFiles }));
    afterSeq = endSeq;
  }
  const title = source.title === null ? {} : { title: source.title };
  return { use, agentId, change: { ...title, model: source.model } };
}
