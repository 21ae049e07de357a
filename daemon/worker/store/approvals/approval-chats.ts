/** The chats of approvals: those whose messages the turns answer, or to which their jobs report. */
import { prepare } from '../prepare.js';
import type { Lane } from '../delivery/outbox.js';
import type { Transaction } from '../transaction.js';

const selectMessage = prepare<{ turnId: string }>()((db, p) =>
  db.selectFrom('inbox_messages').select(['channel', 'account_id as accountId', 'chat_id as chatId']).where('turn_id', '=', p.turnId),
);

const selectJob = prepare<{ turnId: string }>()((db, p) =>
  db
    .selectFrom('cron_runs')
    .innerJoin('cron_jobs', 'cron_jobs.id', 'cron_runs.job_id')
    .select(['channel', 'account_id as accountId', 'chat_id as chatId'])
    .where('cron_runs.turn_id', '=', p.turnId)
    .where('cron_runs.finished_at', 'is', null),
);

/** Returns undefined for a turn that neither a message nor a running job with a chat began. */
export async function findChatOfTurn(tx: Transaction, turnId: string): Promise<Lane | undefined> {
  const lane = await selectMessage.first(tx, { turnId });
  if (lane !== undefined) return lane;
  const { channel = null, accountId, chatId = null } = (await selectJob.first(tx, { turnId })) ?? {};
  return channel === null || chatId === null ? undefined : { channel, accountId: accountId ?? 'default', chatId };
}
