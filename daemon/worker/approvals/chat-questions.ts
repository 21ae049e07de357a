/** Sends approval questions to the chats whose messages the turns answer. The page shows them by itself. */
import { isoTime } from '../../../shared/clock.js';
import type { ApprovalState } from '../../../shared/api/tools/approval-states.js';
import { fenced } from '../../../shared/channels/markdown.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { escapeHidden } from '../../../shared/log/escape.js';
import { type Approval, findApproval } from '../store/approvals/approvals.js';
import { type EndedQuestion, forgetQuestion, listEndedQuestions, noteQuestion } from '../store/approvals/asked-questions.js';
import { cutText } from '../../../shared/text/one-line.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import type { FindChat } from '../store/approvals/approval-chats.js';
import type { Lane } from '../store/delivery/outbox.js';
import { deleteOutboxMessage } from '../store/delivery/outbox-pages.js';
import type { Store } from '../store/store.js';
import type { Transaction } from '../store/transaction.js';
import { sayDecider } from './approval-document.js';

/** The part of the outbox that questions need. */
export interface QuestionOutbox {
  enqueue(
    tx: Transaction,
    message: Lane & { readonly id: string; readonly content: string; readonly approvalId?: number; readonly previewId?: string },
  ): Promise<void>;
  wake(lane: Lane): void;
}

export interface ChatQuestionsOptions {
  readonly store: Pick<Store, 'read' | 'write'>;
  readonly logger: LogPort;
  readonly outbox: QuestionOutbox;
  readonly findChat: FindChat;
}

/** When to check again for a question that is being sent. */
const SENDING_MS = 1_000;
const MAX_CLOSED = 100;
/** Maximum length, so that a question is a single message in every channel. */
const MAX_INPUT_LENGTH = 2_500;

function sayCall({ id, agentId, tool, input }: Approval): string[] {
  const text = escapeHidden(JSON.stringify(input, undefined, 2));
  const shown = cutText(text, MAX_INPUT_LENGTH, '');
  const rest = text.length - shown.length;
  return [
    `**Approval ${id}**: the agent ${agentId} asks to use the tool \`${tool}\`:`,
    fenced(rest > 0 ? `${shown} …` : text),
    ...(rest > 0 ? [`${rest} more characters are not shown here: ${shellCommand`xopc approvals show ${id}`}`] : []),
  ];
}

/** Returns the question as Markdown. */
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

/** Returns the outcome of the question as Markdown. */
export function sayDecided(approval: Approval): string {
  const { state, decidedBy, remember } = approval;
  const who = decidedBy === null ? '' : ` by ${sayDecider(decidedBy)}`;
  return [...sayCall(approval), `${OUTCOMES[state]}${who}${remember === null ? '' : ', and always from now on'}.`].join('\n\n');
}

const isBeingSent = ({ message }: EndedQuestion): boolean => message?.state === 'sending';

export class ChatQuestions {
  readonly #options: ChatQuestionsOptions;

  constructor(options: ChatQuestionsOptions) {
    this.#options = options;
  }

  /** Stores the question as a message for the chat. Runs in the transaction that creates the question. */
  async post(tx: Transaction, approval: Approval): Promise<void> {
    const { findChat } = this.#options;
    const chat = await findChat(tx, approval.turnId);
    if (chat === undefined || chat.channel === 'webchat') return;
    const id = newId('msg');
    if (await this.#send(tx, { ...chat, id, content: sayQuestion(approval), approvalId: approval.id }))
      await noteQuestion(tx, { approvalId: approval.id, messageId: id });
  }

  /** Sends the stored questions of a turn. To be called when they are committed. */
  async posted(turnId: string): Promise<void> {
    const { store, outbox, findChat } = this.#options;
    const chat = await store.read((tx) => findChat(tx, turnId));
    if (chat !== undefined) outbox.wake(chat);
  }

  /**
   * Edits the messages of ended approvals to show the decision, and cancels those not sent yet. @returns ms until the next check;
   * undefined when all are done
   */
  async closeEnded(): Promise<number | undefined> {
    const { store, outbox } = this.#options;
    if ((await store.read((tx) => listEndedQuestions(tx, 1))).length === 0) return undefined;
    const { chats, left } = await store.write(async (tx) => {
      const ended = await listEndedQuestions(tx, MAX_CLOSED);
      const closed: Lane[] = [];
      for (const question of ended) if (await this.#close(tx, question)) closed.push(...(question.message ? [question.message] : []));
      return { chats: closed, left: ended.filter(isBeingSent).length };
    });
    for (const { channel, accountId, chatId } of chats) outbox.wake({ channel, accountId, chatId });
    return left > 0 ? SENDING_MS : this.closeEnded();
  }

  /** @returns whether its chat has work now */
  async #close(tx: Transaction, question: EndedQuestion): Promise<boolean> {
    const { message, approvalId } = question;
    if (isBeingSent(question) || !(await forgetQuestion(tx, approvalId)) || message === undefined) return false;
    const { seq, state, sentId, channel, accountId, chatId } = message;
    if (state === 'queued' || state === 'retry_wait') {
      await deleteOutboxMessage(tx, seq);
      return true;
    }
    const approval = await findApproval(tx, approvalId);
    if (sentId === null || approval === undefined) return false;
    return this.#send(tx, { channel, accountId, chatId, id: newId('msg'), content: sayDecided(approval), previewId: sentId });
  }

  /** @returns false when the channel was removed from the configuration */
  async #send(tx: Transaction, message: Parameters<QuestionOutbox['enqueue']>[1]): Promise<boolean> {
    const { outbox, logger } = this.#options;
    try {
      await outbox.enqueue(tx, message);
      return true;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      logger.error({ channel: message.channel, err: error }, 'failed to send a question, or its outcome, to the chat');
      return false;
    }
  }
}
