/** What becomes of what was said in a turn that was cut: it stays, in the conversation or aside of it. */
import { newId } from '../../../shared/ids.js';
import { appendAside, setTurnAside } from '../store/conversations/branches.js';
import { findInboxTurn } from '../store/delivery/inbox.js';
import { appendMessage, findMessage } from '../store/conversations/messages.js';
import { readTurnText, removeTurnParts } from '../store/conversations/turn-parts.js';
import type { Transaction } from '../store/transaction.js';

export interface CutTurn {
  readonly turnId: string;
  readonly sessionId: number;
  readonly text: string;
  readonly model: string | null;
  readonly nowMs: number;
}

const messageOf = ({ turnId, sessionId, text, model, nowMs }: CutTurn) =>
  ({ id: newId('msg'), turnId, sessionId, content: text, model, nowMs, role: 'assistant', status: 'aborted' }) as const;

/** Runs in a write. The question is asked once more: what was said of its answer can be looked at beside the new one. */
export async function setCutAside(tx: Transaction, turn: CutTurn & { questionSeq: number }): Promise<void> {
  const parentSeq = await setTurnAside(tx, turn);
  if (turn.text !== '') await appendAside(tx, { ...messageOf(turn), parentSeq });
}

/**
 * Runs in a write, of a turn whose worker is gone.
 * @returns whether somebody else tells the chat what becomes of it
 */
export async function keepCut(tx: Transaction, turn: Omit<CutTurn, 'text' | 'model'>): Promise<boolean> {
  const cut = { ...turn, text: await readTurnText(tx, turn.turnId), model: null };
  await removeTurnParts(tx, turn.turnId);
  const inbox = await findInboxTurn(tx, turn.turnId);
  const question = inbox?.isRepeatable === true ? await findMessage(tx, inbox.questionId) : undefined;
  // One that did what others noticed is not run again, and what it did stays to be seen.
  if (question !== undefined) await setCutAside(tx, { ...cut, questionSeq: question.seq });
  else if (cut.text !== '') await appendMessage(tx, messageOf(cut));
  return inbox !== undefined;
}
