/** The messages that ask about approvals in chats. Each is recorded until it shows how its approval ended. */
import { queriesOf, type Transaction } from '../transaction.js';
import type { OutgoingStatus } from '../../../../shared/delivery-status.js';
import type { Lane } from '../delivery/outbox.js';

/** A question in a chat whose approval has ended. */
export interface EndedQuestion {
  readonly approvalId: number;
  /** Undefined: it was removed. */
  readonly message: (Lane & { readonly seq: number; readonly state: OutgoingStatus; readonly sentId: string | null }) | undefined;
}

/** Records the message that asks. Runs in a transaction. */
export async function noteQuestion(tx: Transaction, { approvalId, messageId }: { approvalId: number; messageId: string }): Promise<void> {
  await queriesOf(tx).updateTable('approvals').set({ message_id: messageId }).where('seq', '=', approvalId).execute();
}

/** Whether the approval's question was sent as that message. @param sent.messageId  the channel's id of the message */
export async function isQuestion(
  tx: Transaction,
  { approvalId, channel, accountId, messageId }: Pick<Lane, 'channel' | 'accountId'> & { approvalId: number; messageId: string },
): Promise<boolean> {
  const found = await queriesOf(tx)
    .selectFrom('approvals')
    .innerJoin('outbox_messages as message', 'message.id', 'approvals.message_id')
    .select('approvals.seq')
    .where('approvals.seq', '=', approvalId)
    .where('message.channel', '=', channel)
    .where('message.account_id', '=', accountId)
    .where('message.sent_id', '=', messageId)
    .executeTakeFirst();
  return found !== undefined;
}

/** To be called in the transaction that edits the message. @returns false when someone else has changed it */
export async function forgetQuestion(tx: Transaction, approvalId: number): Promise<boolean> {
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('approvals')
    .set({ message_id: null })
    .where('seq', '=', approvalId)
    .where('message_id', 'is not', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Returns up to `limit`, oldest first. */
export async function listEndedQuestions(tx: Transaction, limit: number): Promise<EndedQuestion[]> {
  const rows = await queriesOf(tx)
    .selectFrom('approvals')
    .leftJoin('outbox_messages as message', 'message.id', 'approvals.message_id')
    .select(['approvals.seq as approvalId', 'message.seq', 'message.channel', 'message.account_id as accountId'])
    .select(['message.chat_id as chatId', 'message.state', 'message.sent_id as sentId'])
    .where('approvals.message_id', 'is not', null)
    .where('approvals.state', '!=', 'pending')
    .orderBy('approvals.seq')
    .limit(limit)
    .execute();
  return rows.map(({ approvalId, seq, channel, accountId, chatId, state, sentId }) => {
    const isGone = seq === null || channel === null || accountId === null || chatId === null || state === null;
    return { approvalId, message: isGone ? undefined : { seq, channel, accountId, chatId, state, sentId } };
  });
}
