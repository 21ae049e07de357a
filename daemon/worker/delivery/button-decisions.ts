/** Applies decisions made with buttons, in the transaction that stores the position in the updates. */
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type { Approvals, DecisionOutcome } from '../approvals/approvals.js';
import { sayDecided } from '../approvals/chat-questions.js';
import type { ButtonPress } from '../channels/host.js';
import { type Approval, findApproval } from '../store/approvals/approvals.js';
import { forgetQuestion, isQuestion } from '../store/approvals/asked-questions.js';
import { isPaired } from '../store/delivery/pairings.js';
import type { Transaction } from '../store/transaction.js';
import type { Outbox } from './outbox.js';

export type Decisions = Pick<Approvals, 'decideIn' | 'decided' | 'isAskedIn'>;

export interface ButtonDecisionsOptions {
  /** Created later, by a higher layer. */
  readonly decisions: () => Decisions;
  readonly outbox: Pick<Outbox, 'enqueue'>;
}

export interface PressOutcome {
  /** The text for the person who pressed the button. */
  readonly text: string;
  /** To be announced after the commit. */
  readonly decided?: DecisionOutcome | undefined;
}

const UNKNOWN = 'This question is not known here.';

async function mayDecide(tx: Transaction, { isRefused = false, pairing, channel, accountId }: ButtonPress): Promise<boolean> {
  if (isRefused) return false;
  return pairing === undefined || isPaired(tx, { channel, accountId, senderId: pairing.senderId });
}

export class ButtonDecisions {
  readonly #options: ButtonDecisionsOptions;

  constructor(options: ButtonDecisionsOptions) {
    this.#options = options;
  }

  /** Applies a decision, and edits the message to show it. A button of a question from another chat has no effect. */
  async decide(tx: Transaction, press: ButtonPress): Promise<PressOutcome> {
    if (!(await mayDecide(tx, press))) return { text: 'You are not allowed to decide here.' };
    const decisions = this.#options.decisions();
    const { channel, approvalId: id, decision, remember, senderName: name, hasButton = false } = press;
    const approval = await findApproval(tx, id);
    if (approval === undefined) return { text: UNKNOWN };
    // A chat that was addressed as `@name`, or as the group that it was before, has another id in a press: then the message itself decides.
    const isHere = (await decisions.isAskedIn(tx, approval, press)) || (hasButton && (await isQuestion(tx, press)));
    // A decision ends the record of the message, which keeps its buttons until its edit arrives.
    if (!isHere && !(hasButton && approval.state !== 'pending')) return { text: UNKNOWN };
    try {
      const made = { id, decision, by: { via: channel, name }, ...(remember && { remember }) };
      const decided = await decisions.decideIn(tx, made);
      if (isHere) await this.#change(tx, press, decided.approval);
      return { text: decision === 'approve' ? 'Approved' : 'Denied', decided };
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'CONFLICT') throw error;
      if (isHere && approval.state !== 'pending') await this.#change(tx, press, approval);
      return { text: error.message };
    }
  }

  async #change(tx: Transaction, { channel, accountId, chatId, messageId }: ButtonPress, approval: Approval): Promise<void> {
    await forgetQuestion(tx, approval.id);
    const message = { id: newId('msg'), content: sayDecided(approval), previewId: messageId };
    await this.#options.outbox.enqueue(tx, { channel, accountId, chatId, ...message });
  }
}
