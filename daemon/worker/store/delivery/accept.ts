/** Accepts programs' messages to chats: stores them in the chats' sessions, creating those if necessary, and in the outbox. */
import { sql } from 'kysely';
import { titleFrom } from '../conversations/messages.js';
import { insertOutboxMessages, type NewOutboxMessage } from './outbox.js';
import { prepareRows } from '../prepare.js';
import { insertBegun, livingId, type NewSession, touchByKey } from '../conversations/sessions.js';
import { tellOthers, type Transaction } from '../transaction.js';

/** A message to accept, and the session of its chat. */
export interface Acceptance {
  readonly message: NewOutboxMessage;
  readonly session: NewSession;
}

/** The messages have the role `assistant`, because the gateway sends them, and no model. */
const insertSaid = prepareRows<{ id: string; key: string; content: string; nowMs: number }>()((db, rows) =>
  db.insertInto('messages').values(
    rows.map((p) => ({
      id: p.id,
      session_id: livingId(db, p.key),
      role: sql.lit('assistant' as const),
      content: p.content,
      status: sql.lit('complete' as const),
      created_at: p.nowMs,
    })),
  ),
);

/** Counts messages into their session, which is named after the first that makes a title. */
async function countIn(tx: Transaction, session: NewSession, messages: readonly NewOutboxMessage[]): Promise<void> {
  let title: string | null = null;
  let nowMs = 0;
  for (const message of messages) {
    title ??= titleFrom(message.content);
    nowMs = message.nowMs;
  }
  const count = messages.length;
  tellOthers(tx, `chat:${session.key}`);
  const changes = await touchByKey.run(tx, { key: session.key, count, title, nowMs });
  if (changes === 0) await insertBegun.run(tx, { ...session, count, title, nowMs });
}

/** Stores messages in their order. Runs in a write. */
export async function storeAcceptances(tx: Transaction, acceptances: readonly Acceptance[]): Promise<void> {
  const chats = new Map<string, { session: NewSession; messages: NewOutboxMessage[] }>();
  for (const { session, message } of acceptances) {
    const chat = chats.get(session.key);
    if (chat === undefined) chats.set(session.key, { session, messages: [message] });
    else chat.messages.push(message);
  }
  for (const { session, messages } of chats.values()) await countIn(tx, session, messages);
  await insertSaid(
    tx,
    acceptances.map(({ message: { id, content, nowMs }, session: { key } }) => ({ id, key, content, nowMs })),
  );
  await insertOutboxMessages(
    tx,
    acceptances.map(({ message }) => message),
  );
}
