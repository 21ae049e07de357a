/** The chats that jobs send to, and the notices sent there. */
import type { Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type { ChannelRegistry } from '../channels/registry.js';
import { findAgent } from '../config/agents.js';
import type { Outbox } from '../delivery/outbox.js';
import { type Chat, findChat } from '../sessions/find-chat.js';
import type { CronJob } from '../store/cron/cron-jobs.js';
import type { CronRun } from '../store/cron/cron-runs.js';
import { storeAcceptances } from '../store/delivery/accept.js';
import type { Lane } from '../store/delivery/outbox.js';
import type { Transaction } from '../store/transaction.js';
import { isTurn } from './policy.js';

export interface JobChatsOptions {
  readonly channels: ChannelRegistry;
  readonly outbox: Pick<Outbox, 'compose'>;
  readonly config: () => Config;
}

type Target = Pick<CronJob, 'mode' | 'channel' | 'accountId' | 'chat_id'>;

function alertTarget(job: CronJob): Target {
  if (job.alertChannel === null) return job;
  return { mode: 'direct', channel: job.alertChannel, accountId: job.alertAccountId, chat_id: job.alertChatId };
}

const isSameLane = (one: Lane, other: Lane): boolean =>
  one.channel === other.channel && one.accountId === other.accountId && one.chatId === other.chatId;

export class JobChats {
  readonly #options: JobChatsOptions;

  constructor(options: JobChatsOptions) {
    this.#options = options;
  }

  /** Returns the chat that a job names; undefined when it names none. @throws CHANNEL_NOT_FOUND; INVALID_REQUEST for a message without a receiver */
  find({ mode, channel: name, accountId: wanted, chat_id: chatId }: Target): Chat | undefined {
    if (name === null || chatId === null) return undefined;
    const { channel, accountId } = this.#options.channels.getAccount(name, wanted ?? undefined);
    // Before the agent, which a message does not need.
    if (mode === 'direct') channel.checkReceiver?.(accountId);
    return findChat(this.#options, { channel: name, accountId, chatId });
  }

  /** Whether the account that a run needs, and the agent that it asks, are configured in this gateway. */
  canRun(job: CronJob, run: Pick<CronRun, 'turnId'>): boolean {
    try {
      const chat = this.find(job);
      if (isTurn(job, run)) findAgent(this.#options.config(), job.agentId ?? chat?.session.agentId);
      return true;
    } catch (error) {
      if (error instanceof GatewayError) return false;
      throw error;
    }
  }

  /**
   * Adds a message to the chat's session and to its outbox. Runs in a transaction; announce the chat after it. Returns the message
   * id.
   */
  async say(tx: Transaction, { lane, session }: Chat, content: string): Promise<string> {
    const message = this.#options.outbox.compose({ ...lane, id: newId('msg'), content });
    await storeAcceptances(tx, [{ message, session }]);
    return message.id;
  }

  /**
   * Adds a notice about a job to its alert chat, or to its own. Runs in a transaction; announce the chat after it. Returns the
   * chat; undefined when the job has none, its channel is no longer configured, or the chat has just refused a message.
   */
  async alert(
    tx: Transaction,
    job: CronJob,
    { text, refusedBy }: { readonly text: string; readonly refusedBy?: Lane | undefined },
  ): Promise<Chat | undefined> {
    let chat: Chat | undefined;
    try {
      chat = this.find(alertTarget(job));
    } catch (error) {
      if (error instanceof GatewayError) return undefined;
      throw error;
    }
    if (chat === undefined || (refusedBy !== undefined && isSameLane(chat.lane, refusedBy))) return undefined;
    await this.say(tx, chat, text);
    return chat;
  }
}
