/** Continues a turn from the finished steps of an interrupted one. Each function runs in a transaction. */
import { newId } from '../../../../shared/ids.js';
import { newFileId } from '../../files/attachments.js';
import { moveApprovals } from '../../store/approvals/approvals.js';
import { copyAttachments } from '../../store/conversations/attachments.js';
import { listToolMessages, setTurnAside } from '../../store/conversations/branches.js';
import { appendMessage, setMessageTurn } from '../../store/conversations/messages.js';
import { hasTurnEffects, markTurnUnrepeatable, takeTurnUsage } from '../../store/conversations/turns.js';
import type { Transaction } from '../../store/transaction.js';
import { moveTurnSteps, readTurnSteps, type StoredStep } from '../../store/turns/turn-steps.js';
import { paragraphGap } from '../model/answer.js';

interface Takeover {
  readonly from: string;
  readonly to: string;
  readonly sessionId: number;
}

/** Moves the finished steps of the previous turn to a turn and sets the rest aside. @returns the steps */
export async function adoptTurn(tx: Transaction, turn: Takeover & { readonly questionSeq: number }): Promise<StoredStep[]> {
  const { from, to, sessionId, questionSeq } = turn;
  if (await moveTurnSteps(tx, turn)) {
    await moveApprovals(tx, turn);
    await takeTurnUsage(tx, from);
    if (await hasTurnEffects(tx, from)) await markTurnUnrepeatable(tx, to);
    for (const { seq } of await listToolMessages(tx, { sessionId, turnId: from, afterSeq: questionSeq }))
      await setMessageTurn(tx, { seq, turnId: to });
  }
  await setTurnAside(tx, { sessionId, turnId: from, questionSeq });
  return readTurnSteps(tx, to);
}

/** Repeats the tool calls after the question of a continued turn, if its question is asked again at the end. */
export async function repeatToolMessages(
  tx: Transaction,
  { from, to, sessionId, afterSeq, nowMs }: Takeover & { readonly afterSeq: number; readonly nowMs: number },
): Promise<void> {
  for (const message of await listToolMessages(tx, { sessionId, turnId: from, afterSeq })) {
    const id = newId('msg');
    await appendMessage(tx, { ...message, id, turnId: to, nowMs });
    const place = { from: { sessionId, messageId: message.id }, to: { sessionId, messageId: id } };
    await copyAttachments(tx, { ...place, newId: newFileId, nowMs });
  }
}

/** Returns the text of the steps, as at the beginning of an answer that continues them. */
export function textOfSteps(steps: readonly Pick<StoredStep, 'text'>[]): string {
  return steps.reduce((said, { text }) => (text === '' ? said : said + paragraphGap(said) + text), '');
}
