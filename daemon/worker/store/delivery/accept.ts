/** Accepts a program's message to a chat: stores it in the chat's session, creating that if necessary, and in the outbox. */
import { sql } from 'kysely';
import { titleFrom } from '../conversations/messages.js';
import { insertOutboxMessage, type NewOutboxMessage } from './outbox.js';
import { prepare } from '../prepare.js';
import { insertBegun, livingId, type NewSession, touchByKey } from '../conversations/sessions.js';
import type { Transaction } from '../transaction.js';

/** A message to accept, and the session of its chat. */
export interface Acceptance {
  readonly message: NewOutboxMessage;
  readonly session: NewSession;
}

/** The message has the role `assistant`, because the gateway sends it, and no model. */
const insertSaid = prepare<{ id: string; key: string; content: string; nowMs: number }>()((db, p) =>
  db.insertInto('messages').values({
    id: p.id,
    session_id: livingId(db, p.key),
    role: sql.lit('assistant' as const),
    content: p.content,
    status: sql.lit('complete' as const),
    created_at: p.nowMs,
  }),
);

/** Runs in a write. */
export async function storeAcceptance(tx: Transaction, { message, session }: Acceptance): Promise<void> {
  const { id, content, nowMs } = message;
  const { key } = session;
  const title = titleFrom(content);
  if ((await touchByKey.run(tx, { key, title, nowMs })) === 0) await insertBegun.run(tx, { ...session, title, nowMs });
  await insertSaid.run(tx, { id, key, content, nowMs });
  await insertOutboxMessage(tx, message);
}
