/** Accepts programs' messages to chats: stores them in the chats' sessions, creating those if necessary, and in the outbox. */
import { sql } from 'kysely';
import { titleFrom } from '../conversations/messages.js';
import { countSaid, livingId, type NewSession } from '../conversations/sessions.js';
import type { Outcome } from '../group-commit.js';
import { claimKeys, type KeyUse } from '../idempotency.js';
import { prepareRows, runAll } from '../prepare.js';
import { tellOthers, type Transaction } from '../transaction.js';
import { addToOutbox, type NewOutboxMessage } from './outbox.js';

/** A message to accept, and the session of its chat. */
export interface Acceptance {
  readonly message: NewOutboxMessage;
  readonly session: NewSession;
}

export interface Accepted {
  readonly messageId: string;
  /** It is the result of an earlier request with the same key. */
  readonly replayed: boolean;
}

/** The messages have the role `assistant`, because the gateway sends them, and no model. */
const insertSaid = prepareRows<{ id: string; key: string; content: string; nowMs: number }>({
  id: 'text',
  key: 'text',
  content: 'text',
  nowMs: 'bigint',
})('messages', (p, db) => ({
  id: p.id,
  session_id: livingId(db, p.key),
  role: sql.lit('assistant' as const),
  content: p.content,
  status: sql.lit('complete' as const),
  created_at: p.nowMs,
}));

/** Returns the counts to add to each session, and a title from the first suitable message. */
function countBySession(acceptances: readonly Acceptance[]) {
  const counts = new Map<string, NewSession & { count: number; title: string | null; nowMs: number }>();
  for (const { session, message } of acceptances) {
    const { key, agentId, channel, accountId, peerKind, peerId } = session;
    let said = counts.get(key);
    // Spreading the session would take longer than inserting its row.
    if (said === undefined)
      counts.set(key, (said = { key, agentId, channel, accountId, peerKind, peerId, count: 0, title: null, nowMs: 0 }));
    said.count += 1;
    said.title ??= titleFrom(message.content);
    said.nowMs = message.nowMs;
  }
  return [...counts.values()];
}

/** Stores messages in their order. Runs in a transaction. */
export async function storeAcceptances(tx: Transaction, acceptances: readonly Acceptance[]): Promise<void> {
  const sessions = countBySession(acceptances);
  for (const { key } of sessions) tellOthers(tx, `chat:${key}`);
  const said = acceptances.map(({ message: { id, content, nowMs }, session: { key } }) => ({ id, key, content, nowMs }));
  const sent = acceptances.map(({ message }) => message);
  await runAll(tx, [...countSaid(tx, sessions), ...insertSaid.of(tx, said), ...addToOutbox(tx, sent)]);
}

/** Stores messages in their order, each once for the key that its caller gave. For `Store.writeItem`. */
export async function acceptMessages(
  tx: Transaction,
  requests: readonly (Acceptance & { readonly use?: KeyUse | undefined })[],
): Promise<Outcome<Accepted>[]> {
  const answers = await claimKeys(
    tx,
    requests.map(({ use, message: { id, nowMs } }) => ({ use, result: id, nowMs })),
  );
  const outcomes = answers.map((answer, index): Outcome<Accepted> => {
    if ('error' in answer) return answer;
    return { value: { messageId: answer.value, replayed: answer.value !== requests[index]?.message.id } };
  });
  const isNew = (outcome: Outcome<Accepted> | undefined) => outcome !== undefined && 'value' in outcome && !outcome.value.replayed;
  await storeAcceptances(
    tx,
    requests.filter((_request, index) => isNew(outcomes[index])),
  );
  return outcomes;
}
