/** Brings questions to the chats whose messages the turns answer. The page shows them by itself. */
import { isoTime } from '../../../shared/clock.js';
import type { ApprovalState } from '../../../shared/api/tools/approval-states.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type { Approval } from '../store/approvals/approvals.js';
import type { FindChat } from '../store/approvals/approval-chats.js';
import type { Lane } from '../store/delivery/outbox.js';
import type { Store } from '../store/store.js';
import type { Transaction } from '../store/transaction.js';
import { approvalDocument, sayDecider } from './approval-document.js';

/** The part of the outbox that questions need. */
export interface QuestionOutbox {
  enqueue(tx: Transaction, message: Lane & { readonly id: string; readonly content: string; readonly approvalId: number }): Promise<void>;
  wake(lane: Lane): void;
}

export interface ChatQuestionsOptions {
  readonly store: Pick<Store, 'read'>;
  readonly logger: LogPort;
  readonly outbox: QuestionOutbox;
  readonly findChat: FindChat;
}

/** So that a question is one message everywhere. */
const MAX_INPUT_LENGTH = 2_500;

function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

function sayCall(approval: Approval): string[] {
  const { id, agentId, tool, input } = approvalDocument(approval);
  const text = JSON.stringify(input, undefined, 2);
  const rest = text.length - MAX_INPUT_LENGTH;
  const shown = rest > 0 ? `${text.slice(0, MAX_INPUT_LENGTH).toWellFormed()} …` : text;
  return [
    `**Approval ${id}**: the agent ${agentId} asks to use the tool \`${tool}\`:`,
    fenced(shown),
    ...(rest > 0 ? [`${rest} more characters are not shown here: xopc approvals show ${id}`] : []),
  ];
}

/** The question in words, as Markdown. */
export function sayQuestion(approval: Approval): string {
  const until = isoTime(approval.expiresAtMs);
  return [...sayCall(approval), `/approve ${approval.id} or /deny ${approval.id} decides, until ${until}.`].join('\n\n');
}

const OUTCOMES: Readonly<Record<ApprovalState, string>> = {
  pending: 'Nobody has decided yet',
  approved: 'Approved',
  denied: 'Denied',
  expired: 'Nobody decided in time',
  cancelled: 'Not needed any more',
};

/** What became of the question, as Markdown. */
export function sayDecided(approval: Approval): string {
  const { state, decidedBy, remember } = approval;
  const who = decidedBy === null ? '' : ` by ${sayDecider(decidedBy)}`;
  return [...sayCall(approval), `${OUTCOMES[state]}${who}${remember === null ? '' : ', and always from now on'}.`].join('\n\n');
}

export class ChatQuestions {
  readonly #options: ChatQuestionsOptions;

  constructor(options: ChatQuestionsOptions) {
    this.#options = options;
  }

  /** Stores the question as a message for the chat. Runs in the write that asks. */
  async post(tx: Transaction, approval: Approval): Promise<void> {
    const { outbox, logger, findChat } = this.#options;
    const chat = await findChat(tx, approval.turnId);
    if (chat === undefined || chat.channel === 'webchat') return;
    try {
      await outbox.enqueue(tx, { ...chat, id: newId('msg'), content: sayQuestion(approval), approvalId: approval.id });
    } catch (error) {
      // The channel was taken out of the configuration.
      if (!(error instanceof GatewayError)) throw error;
      logger.error({ channel: chat.channel, err: error }, 'failed to ask in the chat');
    }
  }

  /** Sends what was stored. */
  async posted({ turnId }: Approval): Promise<void> {
    const { store, outbox, findChat } = this.#options;
    const chat = await store.read((tx) => findChat(tx, turnId));
    if (chat !== undefined) outbox.wake(chat);
  }
}
