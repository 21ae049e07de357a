/** Starts and ends a turn's wait for a person's decision. Each function runs in a transaction. */
import { newId } from '../../../../shared/ids.js';
import { findLaneOfTurn } from '../../store/approvals/approval-chats.js';
import { hasPending } from '../../store/approvals/approvals.js';
import { appendMessage } from '../../store/conversations/messages.js';
import { endTurn } from '../../store/conversations/turns.js';
import type { Lane } from '../../store/delivery/outbox.js';
import { tellOthers, type Transaction } from '../../store/transaction.js';
import { readTurnSteps, removeTurnSteps } from '../../store/turns/turn-steps.js';
import {
  dropWaiting,
  holdWaitingTurn,
  listWaitingTurns,
  releaseTurn,
  reopenTurn,
  type WaitingWhere,
} from '../../store/turns/waiting-turns.js';
import { textOfSteps } from './adoption.js';

/** Lets a waiting turn continue, unless another of its calls still waits. */
export async function resumeTurn(tx: Transaction, turn: { id: string; nowMs: number }): Promise<void> {
  // Its worker may store at the same time that it waits: one of the two sees what the other has written.
  if (!(await holdWaitingTurn(tx, turn.id)) || (await hasPending(tx, turn.id))) return;
  await releaseTurn(tx, turn);
}

export interface GivenUp {
  readonly instanceId: string;
  /** `error`: the reason is also added to the session. Default: `aborted`. */
  readonly state?: 'aborted' | 'error' | undefined;
  readonly error: { readonly code: string | null; readonly message: string };
  readonly nowMs: number;
}

/** Ends waiting turns and keeps their text. @returns them, each with its session and the chat that it kept waiting */
export async function giveUpWaiting(
  tx: Transaction,
  where: WaitingWhere,
  facts: GivenUp,
): Promise<{ id: string; sessionKey: string; chat: Lane | undefined }[]> {
  const { instanceId, state = 'aborted', error, nowMs } = facts;
  const ended: { id: string; sessionKey: string; chat: Lane | undefined }[] = [];
  for (const { id, sessionId, sessionKey } of await listWaitingTurns(tx, where)) {
    if (!(await reopenTurn(tx, { id, sessionId, instanceId }))) continue;
    const steps = await readTurnSteps(tx, id);
    const { ref: model = null, usage = null } = steps.at(-1) ?? {};
    await endTurn(tx, { id, state, model, usage, error, nowMs });
    const message = { sessionId, turnId: id, status: state, nowMs };
    const said = textOfSteps(steps);
    if (said !== '') await appendMessage(tx, { ...message, id: newId('msg'), role: 'assistant', content: said, model });
    if (state === 'error') await appendMessage(tx, { ...message, id: newId('msg'), role: 'system', content: error.message, model: null });
    await removeTurnSteps(tx, { turnId: id, nowMs });
    ended.push({ id, sessionKey, chat: await findLaneOfTurn(tx, { turnId: id }) });
    await dropWaiting(tx, { id, error: error.message, nowMs });
    tellOthers(tx, `session:${sessionId}`);
  }
  return ended;
}
