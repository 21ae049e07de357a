/** Keeps in its session a message that gets no answer. */
import { newId } from '../../../shared/ids.js';
import { appendMessage, findMessage } from '../store/conversations/messages.js';
import type { Session } from '../store/conversations/sessions.js';
import type { InboxMessage } from '../store/delivery/inbox.js';
import type { Transaction } from '../store/transaction.js';

/** Adds why a message gets no answer, after the message itself unless its turn has stored that. Runs in a transaction. */
export async function keepUnanswered(
  tx: Transaction,
  { message, session, reason, nowMs }: { message: InboxMessage; session: Session; reason: string; nowMs: number },
): Promise<void> {
  const { id, content, turnId, questionId } = message;
  const row = { sessionId: session.id, turnId, model: null, nowMs };
  const isKept = questionId !== null || (await findMessage(tx, id)) !== undefined;
  if (!isKept) await appendMessage(tx, { ...row, id, role: 'user', content, status: 'complete' });
  await appendMessage(tx, { ...row, id: newId('msg'), role: 'system', content: reason, status: 'error' });
}
