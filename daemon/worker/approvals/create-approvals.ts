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

export interface ApprovalParts {
  readonly gate: ToolGate;
  readonly service: Approvals;
  /** Runs in the active worker. Call `look` whenever an approval has changed. */
  readonly expiry: ApprovalExpiry;
}

export function createApprovals(deps: ApprovalDeps): ApprovalParts {
  const questions = new ChatQuestions(deps);
  const expiry = new ApprovalExpiry({ ...deps, closeQuestions: () => questions.closeEnded() });
  const gate = new ToolGate({
    ...deps,
    post: (tx, approval) => questions.post(tx, approval),
    posted: (approval) => questions.posted(approval),
  });
  return { gate, service: new Approvals(deps), expiry };
}
