/** The chats of approvals: those whose messages the turns answer, or to which their jobs report. */
import { prepare } from '../prepare.js';
import { LANE, type Lane } from '../delivery/outbox.js';
import type { Transaction } from '../transaction.js';

/** Returns the chat whose message a turn answers; undefined if it answers none. */
export const { first: findLaneOfTurn } = prepare<{ turnId: string }>()((db, p) =>
  db.selectFrom('inbox_messages').select(LANE).where('turn_id', '=', p.turnId),
);

const selectJob = prepare<{ turnId: string }>()((db, p) =>
  db
    .selectFrom('cron_runs')
    .innerJoin('cron_jobs', 'cron_jobs.id', 'cron_runs.job_id')
    .select(LANE)
    .where('cron_runs.turn_id', '=', p.turnId)
    .where('cron_runs.finished_at', 'is', null),
);

/** Returns the chat of a turn; undefined if neither a message nor a running job with a chat started it. */
export type FindChat = (tx: Transaction, turnId: string) => Promise<Lane | undefined>;

/** @param accountOf  returns the account of a job that names none; undefined: the channel has no such account */
export function createFindChat(accountOf: (channel: string) => string | undefined): FindChat {
  return async (tx, turnId) => {
    const lane = await findLaneOfTurn(tx, { turnId });
    if (lane !== undefined) return lane;
    const { channel = null, accountId: named = null, chatId = null } = (await selectJob.first(tx, { turnId })) ?? {};
    if (channel === null || chatId === null) return undefined;
    const accountId = named ?? accountOf(channel);
    return accountId === undefined ? undefined : { channel, accountId, chatId };
  };
}
