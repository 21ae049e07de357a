/** Composes the approvals: the questions of turns, the decisions, and the expiry. */
import type { Liveness } from '../store/liveness.js';
import type { FindChat } from '../store/approvals/approval-chats.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { Approvals, type WaitingTurns } from './approvals.js';
import { ChatQuestions, type QuestionOutbox } from './chat-questions.js';
import { ApprovalExpiry } from './expiry.js';
import { ToolGate } from './tool-gate.js';

export interface ApprovalDeps extends Deps<'store' | 'clock' | 'logger' | 'config'> {
  readonly liveness: Pick<Liveness, 'lookAgainMs' | 'onChange'>;
  readonly outbox: QuestionOutbox;
  readonly findChat: FindChat;
  readonly waiting: WaitingTurns;
}

/** The expiry runs in the active worker; call its `look` whenever an approval has changed. */
export function createApprovals(deps: ApprovalDeps) {
  const questions = new ChatQuestions(deps);
  const expiry = new ApprovalExpiry({ ...deps, closeQuestions: () => questions.closeEnded() });
  return { gate: new ToolGate({ ...deps, questions }), service: new Approvals(deps), expiry };
}
