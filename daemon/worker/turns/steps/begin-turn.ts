/** Stores the beginning of a turn: with its question, or after previously finished steps. */
import { newId } from '../../../../shared/ids.js';
import { type Approval, readApprovalsOfTurn } from '../../store/approvals/approvals.js';
import { readAsideText } from '../../store/conversations/branches.js';
import { appendMessage, findMessage } from '../../store/conversations/messages.js';
import type { NewSession, Session } from '../../store/conversations/sessions.js';
import type { Lane } from '../../store/delivery/outbox.js';
import { beginTurn, isTurnOfOther } from '../../store/conversations/turns.js';
import type { Transaction } from '../../store/transaction.js';
import { readTurnSteps, type StoredStep } from '../../store/turns/turn-steps.js';
import { reopenTurn, setReplyChat } from '../../store/turns/waiting-turns.js';
import { adoptTurn } from './adoption.js';
import { giveUpWaiting } from './waiting.js';

/** A turn whose session is leased to this worker. */
export interface BegunTurn {
  readonly id: string;
  readonly session: Session;
  /** The question's place; messages before it are its context. */
  readonly questionSeq: number;
  readonly questionId: string;
  /** The steps finished by the interrupted previous attempt. */
  readonly steps: readonly StoredStep[];
  /** The questions to people about them. */
  readonly approvals: readonly Approval[];
  /** The interrupted attempt that this turn replaces, and its text. */
  readonly replaces?: { readonly turn: string; readonly text: string } | undefined;
}

export interface TurnQuestion {
  readonly session: NewSession;
  /** Whether a missing session is an error instead of being created. */
  readonly mustExist: boolean;
  readonly agentId: string;
  readonly text: string;
  /** The id to store the question under. If the session has that message already, the turn answers it. */
  readonly messageId?: string | undefined;
  /** The interrupted turn that answered the question before: this one continues from its finished steps. */
  readonly previousTurnId?: string | undefined;
  /** The chat to which the reply is delivered, if it is not the chat of the question. */
  readonly replyTo?: Lane | undefined;
  /** The requester; its `tokenId` is stored, for the usage. */
  readonly origin?: Readonly<Record<string, string>>;
}

interface Beginning {
  readonly question: TurnQuestion;
  readonly session: Session;
  readonly instanceId: string;
  readonly nowMs: number;
}

/** Stores a turn with its question, or continues one that has waited. Runs in a transaction. */
export async function storeTurn(tx: Transaction, { question, session, instanceId, nowMs }: Beginning): Promise<BegunTurn> {
  const { previousTurnId: previous, agentId, replyTo, origin } = question;
  const sessionId = session.id;
  const isAgain = previous !== undefined && (await reopenTurn(tx, { id: previous, sessionId, instanceId }));
  const id = isAgain ? previous : newId('turn');
  if (!isAgain) await beginTurn(tx, { id, sessionId, agentId, tokenId: origin?.['tokenId'] ?? null, instanceId, nowMs });
  if (!isAgain && replyTo !== undefined) await setReplyChat(tx, { id, chat: replyTo });
  const stored = await storeQuestion(tx, { question, sessionId, turnId: id, nowMs });
  if (previous === undefined) return { id, session, steps: [], approvals: [], ...stored };
  const takeover = { from: previous, to: id, sessionId, questionSeq: stored.questionSeq };
  const steps = isAgain ? await readTurnSteps(tx, id) : await takeOver(tx, takeover, { agentId, instanceId, nowMs });
  const replaces = isAgain ? undefined : { turn: previous, text: await readAsideText(tx, { sessionId, turnId: previous }) };
  const approvals = steps.length === 0 ? [] : await readApprovalsOfTurn(tx, id);
  return { id, session, steps, approvals, ...stored, ...(replaces && { replaces }) };
}

/** Adopts a turn, except that of another agent, which may have other tools; one that waits in another session ends. @returns its steps */
async function takeOver(
  tx: Transaction,
  turn: Parameters<typeof adoptTurn>[1],
  { agentId, ...facts }: { agentId: string; instanceId: string; nowMs: number },
): Promise<StoredStep[]> {
  const steps = (await isTurnOfOther(tx, { id: turn.from, agentId })) ? [] : await adoptTurn(tx, turn);
  const error = { code: null, message: 'the message is answered by another agent, or in another session, by now' };
  await giveUpWaiting(tx, { turnId: turn.from }, { ...facts, error });
  return steps;
}

async function storeQuestion(
  tx: Transaction,
  { question, sessionId, turnId, nowMs }: { question: TurnQuestion; sessionId: number; turnId: string; nowMs: number },
): Promise<Pick<BegunTurn, 'questionSeq' | 'questionId'>> {
  const { messageId, text: content } = question;
  const known = messageId === undefined ? undefined : await findMessage(tx, messageId);
  if (known?.sessionId === sessionId) return { questionSeq: known.seq, questionId: known.id };
  // The id of a message in a deleted session cannot be used again.
  const id = known === undefined ? (messageId ?? newId('msg')) : newId('msg');
  const seq = await appendMessage(tx, { id, sessionId, turnId, role: 'user', content, model: null, status: 'complete', nowMs });
  return { questionSeq: seq, questionId: id };
}
