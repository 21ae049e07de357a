/** What becomes of what was said in a turn that was cut: it stays, in the conversation or aside of it. */
import { newId } from '../../../shared/ids.js';
import { appendAside, setTurnAside } from '../store/conversations/branches.js';
import { findInboxTurn } from '../store/delivery/inbox.js';
import { appendMessage, findMessage } from '../store/conversations/messages.js';
import type { Queries } from '../store/schema.js';
import { readTurnText, removeTurnParts } from '../store/conversations/turn-parts.js';

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
export async function setCutAside(db: Queries, turn: CutTurn & { questionSeq: number }): Promise<void> {
  const parentSeq = await setTurnAside(db, turn);
  if (turn.text !== '') await appendAside(db, { ...messageOf(turn), parentSeq });
}

/**
 * Runs in a write, of a turn whose worker is gone.
 * @returns whether somebody else tells the chat what becomes of it
 */
export async function keepCut(db: Queries, turn: Omit<CutTurn, 'text' | 'model'>): Promise<boolean> {
  const cut = { ...turn, text: await readTurnText(db, turn.turnId), model: null };
  await removeTurnParts(db, turn.turnId);
  const inbox = await findInboxTurn(db, turn.turnId);
  const question = inbox?.isRepeatable === true ? await findMessage(db, inbox.questionId) : undefined;
  // One that did what others noticed is not run again, and what it did stays to be seen.
  if (question !== undefined) await setCutAside(db, { ...cut, questionSeq: question.seq });
  else if (cut.text !== '') await appendMessage(db, messageOf(cut));
  return inbox !== undefined;
}
