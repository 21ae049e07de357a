/** Converts messages to API documents: with their files, the usage of their turn, and their variants. */
import type { MessageDocument, PlacedMessage } from '../../../../shared/api/sessions.js';
import { definedFields } from '../../../../shared/fields.js';
import { whyOf } from '../../../../shared/text/sentences/known.js';
import type { Transaction } from '../transaction.js';
import { listAttachments } from './attachments.js';
import { hasAside, readAside, seqBefore } from './branches.js';
import type { Message } from './messages.js';
import { cutOffOf, readEndedTurns } from './turns.js';

type Usage = NonNullable<MessageDocument['turn']>;

async function readUsage(tx: Transaction, messages: readonly Message[]): Promise<ReadonlyMap<string, Usage>> {
  const ids = messages.flatMap(({ role, turnId }) => (turnId === null || role === 'user' || role === 'tool' ? [] : [turnId]));
  const turns = await readEndedTurns(tx, [...new Set(ids)]);
  return new Map(
    turns.map((turn) => {
      const {
        id,
        input_tokens: inputTokens,
        output_tokens: outputTokens,
        cost_usd: costUsd,
        created_at: begunAt,
        finished_at: endedAt,
        error_code: errorCode,
      } = turn;
      const usage = { id, inputTokens, outputTokens, costUsd, durationMs: Math.max(0, (endedAt ?? begunAt) - begunAt) };
      return [id, { ...usage, ...(errorCode === null ? {} : { errorCode }), ...definedFields({ cutOff: cutOffOf(turn) }) }];
    }),
  );
}

async function withVariants(
  tx: Transaction,
  documents: readonly PlacedMessage[],
  { sessionId, isEnd }: { sessionId: number; isEnd: boolean },
): Promise<PlacedMessage[]> {
  const firstSeq = documents[0]?.seq ?? 0;
  const lastSeq = documents.at(-1)?.seq ?? 0;
  const fromSeq = await seqBefore(tx, { sessionId, seq: firstSeq });
  const aside = await readAside(tx, { sessionId, fromSeq, toSeq: lastSeq });
  return documents.map((document, index) => {
    const others = aside.get(index === 0 ? fromSeq : (documents[index - 1]?.seq ?? 0)) ?? [];
    const variants = [...others, document].toSorted((a, b) => a.seq - b.seq).map(({ id }) => id);
    const replies = isEnd && document.seq === lastSeq ? (aside.get(lastSeq) ?? []).map(({ id }) => id) : [];
    return { ...document, ...(variants.length > 1 ? { variants } : {}), ...(replies.length > 0 ? { replies } : {}) };
  });
}

/**
 * Returns the documents of consecutive messages of one session.
 * @param isEnd  no message follows the last one
 */
export async function toMessageDocuments(tx: Transaction, messages: readonly Message[], isEnd: boolean): Promise<PlacedMessage[]> {
  const [first] = messages;
  if (first === undefined) return [];
  const { sessionId } = first;
  const usage = await readUsage(tx, messages);
  const withFiles = messages.filter(({ role }) => role === 'user' || role === 'tool').map(({ id }) => id);
  const notes = await listAttachments(tx, sessionId, withFiles);
  const documents = messages.map(({ seq, id, role, content, createdAtMs, model, status, turnId, durationMs }): PlacedMessage => {
    const turn = role === 'user' || role === 'tool' ? undefined : usage.get(turnId ?? '');
    const attachments = notes.get(id);
    const document = { id, role, content, createdAt: new Date(createdAtMs).toISOString(), model, status, seq };
    return {
      ...document,
      ...(durationMs === null ? {} : { durationMs }),
      ...(turn === undefined ? {} : { turn }),
      ...(role === 'system' && status === 'error' ? whyOf(content) : {}),
      ...(attachments === undefined ? {} : { attachments }),
    };
  });
  return (await hasAside(tx, sessionId)) ? withVariants(tx, documents, { sessionId, isEnd }) : documents;
}
