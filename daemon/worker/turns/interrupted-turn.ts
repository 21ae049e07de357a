/** Keeps the partial answer of an interrupted turn, in the conversation or as a variant. Each function runs in a transaction. */
import { newId } from '../../../shared/ids.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import { listToolMessages } from '../store/conversations/branches.js';
import { appendAside, appendMessage, findMessage } from '../store/conversations/messages.js';
import { readTurnText, removeTurnParts } from '../store/conversations/turn-parts.js';
import { endTurn, type RunningTurn } from '../store/conversations/turns.js';
import { findInboxTurn } from '../store/delivery/inbox.js';
import type { Transaction } from '../store/transaction.js';
import { readTurnSteps } from '../store/turns/turn-steps.js';
import { parkAgain } from '../store/turns/waiting-turns.js';
import { textOfSteps } from './steps/adoption.js';

/** A question whose turn has died with its worker this often is set aside. */
export const MAX_ATTEMPTS = 3;

export interface PartialAnswer {
  readonly turnId: string;
  readonly sessionId: number;
  readonly text: string;
  readonly model: string | null;
  readonly nowMs: number;
}

const INTERRUPTED = sayOfAnswer('turn-interrupted');

const messageOf = ({ turnId, sessionId, text, model, nowMs }: PartialAnswer) =>
  ({ id: newId('msg'), turnId, sessionId, content: text, model, nowMs, role: 'assistant', status: 'aborted' }) as const;

/** Keeps the partial answer as a variant next to the next answer, which continues from its steps. */
export async function keepAside(tx: Transaction, answer: PartialAnswer & { questionSeq: number }): Promise<void> {
  const { turnId, sessionId, questionSeq } = answer;
  const steps = await readTurnSteps(tx, turnId);
  // The next answer begins with the text of its steps and keeps their tool calls.
  const isMore = answer.text.length > textOfSteps(steps).length;
  const tools = await listToolMessages(tx, { sessionId, turnId, afterSeq: questionSeq });
  if (isMore) await appendAside(tx, { ...messageOf(answer), parentSeq: tools.at(-1)?.seq ?? questionSeq });
}

/** Ends a turn that nobody runs any more, and keeps its partial answer. @returns false when it had ended already */
export async function interruptTurn(
  tx: Transaction,
  { id: turnId, sessionId }: Pick<RunningTurn, 'id' | 'sessionId'>,
  nowMs: number,
): Promise<boolean> {
  if (await parkAgain(tx, turnId)) {
    await removeTurnParts(tx, { turnId });
    return true;
  }
  const error = { code: null, message: INTERRUPTED };
  const steps = await readTurnSteps(tx, turnId);
  const { ref: model = null, usage = null } = steps.at(-1) ?? {};
  const wasRunning = await endTurn(tx, { id: turnId, state: 'interrupted', model, usage, error, nowMs });
  if (!wasRunning) return false;
  // The last part of a step's text may be stored only with the step.
  const [said, stored] = [textOfSteps(steps), await readTurnText(tx, turnId)];
  const answer = { turnId, sessionId, nowMs, text: stored.length > said.length ? stored : said, model };
  await removeTurnParts(tx, { turnId });
  const inbox = await findInboxTurn(tx, { turnId });
  const question = inbox && (await findMessage(tx, inbox.questionId));
  if (question !== undefined) await keepAside(tx, { ...answer, questionSeq: question.seq });
  else if (answer.text !== '') await appendMessage(tx, messageOf(answer));
  // The inbox decides whether the message of a chat is handled again, and tells the chat.
  if (inbox !== undefined) return true;
  const note = { id: newId('msg'), sessionId, turnId, content: INTERRUPTED, model: null, nowMs };
  await appendMessage(tx, { ...note, role: 'system', status: 'error' });
  return true;
}
