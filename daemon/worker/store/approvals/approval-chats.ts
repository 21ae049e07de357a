/** The chats of approvals: those whose messages the turns answer. */
import { prepare } from '../prepare.js';
import type { Lane } from '../delivery/outbox.js';
import type { Transaction } from '../transaction.js';

const select = prepare<{ turnId: string }>()((db, p) =>
  db.selectFrom('inbox_messages').select(['channel', 'account_id as accountId', 'chat_id as chatId']).where('turn_id', '=', p.turnId),
);

/** Returns the chat whose message a turn answers; undefined: no message began it. */
export async function findChatOfTurn(tx: Transaction, turnId: string): Promise<Lane | undefined> {
  return select.first(tx, { turnId });
}
