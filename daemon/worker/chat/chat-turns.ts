/** Handles a message from an external chat: one turn, whose answer is put into the outbox in the same transaction. */
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { withSignal } from '../../../shared/node/signals.js';
import { chooseModels } from '../turns/model/model-choice.js';
import type { Preview } from '../channels/channel.js';
import type { ChannelRegistry } from '../channels/registry.js';
import { putBackFailed } from '../delivery/inbox-ends.js';
import type { InboxHandler, TakenMessage } from '../delivery/inbox-queue.js';
import { laneKey } from '../delivery/lane-schedule.js';
import type { Outbox } from '../delivery/outbox.js';
import type { ProviderRegistry } from '../providers/registry.js';
import {
  finishInbox,
  type InboxMessage,
  putBackInbox,
  readInboxMessage,
  setInboxPreview,
  setInboxSent,
  setInboxTurn,
} from '../store/delivery/inbox.js';
import type { Lane } from '../store/delivery/outbox.js';
import { parkInbox } from '../store/turns/waiting-turns.js';
import type { Need } from '../store/liveness.js';
import type { Transaction } from '../store/transaction.js';
import type { PublishSession } from '../sessions/sessions.js';
import { ensureSession, findSession } from '../store/conversations/sessions.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { findAgent, isAgentEnabled } from '../config/agents.js';
import type { CommandRegistry } from '../turns/commands/commands.js';
import type { LiveTurns } from '../turns/live-turns.js';
import type { TurnEnding, TurnHooks } from '../turns/turn-journal.js';
import type { TurnRunner } from '../turns/turn-runner.js';
import type { VoiceNotes } from '../turns/voice/voice-notes.js';
import { textOfSteps } from '../turns/steps/adoption.js';
import { UNSENDABLE } from '../turns/steps/reply-delivery.js';
import { textOf, unsent } from './answer-text.js';
import { findSessionOf, sessionOfMessage } from './message-session.js';
import { keepUnanswered } from './unanswered.js';
import type { AnsweredQuestion, Titles } from './titles.js';

export interface ChatTurnsOptions extends Deps<'store' | 'clock' | 'logger' | 'instanceId' | 'config'> {
  readonly channels: ChannelRegistry;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly turns: Pick<TurnRunner, 'start'>;
  readonly commands: Pick<CommandRegistry, 'match'>;
  readonly titles: Pick<Titles, 'begin' | 'cancel'>;
  readonly live: Pick<LiveTurns, 'touch'>;
  readonly publish: PublishSession;
  readonly voice: Pick<VoiceNotes, 'questionOf'>;
  readonly registry: () => ProviderRegistry;
}

/** A message on its way through a turn. */
interface Handling {
  readonly message: TakenMessage;
  readonly stop: AbortController;
  readonly beganAtMs: number;
  /** Includes the transcripts of its recordings once they are available. */
  text: string;
  preview: Preview | undefined;
  previewId: string | undefined;
  /** How much of the answer the chat has got before a question to a person. */
  sentLength: number;
  /** How its turn ended. */
  end: TurnEnding | undefined;
  /** Whether the message was finished or requeued when its turn ended. */
  isRecorded: boolean;
}

export class ChatTurns implements InboxHandler {
  readonly #options: ChatTurnsOptions;
  readonly #stopped = new AbortController();
  /** By chat: one at a time. */
  readonly #running = new Map<string, Handling>();
  /** Chats in which an answer was stopped, until the message that requested it has been handled. */
  readonly #interrupted = new Set<string>();

  constructor(options: ChatTurnsOptions) {
    this.#options = options;
  }

  /** Aborts the answer in progress, and any that is about to begin. */
  stop(): void {
    this.#stopped.abort(new GatewayError('STOPPING', { message: 'the gateway is stopping or restarting' }));
  }

  interrupt(lane: Lane, atMs: number): void {
    const handling = this.#running.get(laneKey(lane));
    if (handling === undefined || handling.beganAtMs > atMs) return;
    this.#interrupted.add(laneKey(lane));
    handling.stop.abort(new GatewayError('CONFLICT', { message: 'the chat asked to stop' }));
  }

  isCommand(content: string): boolean {
    return this.#options.commands.match(content) !== undefined;
  }

  hasAccount({ channel, accountId }: Lane): boolean {
    return this.#options.channels.isConfigured(channel, accountId);
  }

  canHandle(lane: Lane): boolean {
    const { channels, config } = this.#options;
    return this.hasAccount(lane) && isAgentEnabled(config(), channels.get(lane.channel).describeChat(lane.accountId, lane.chatId).agentId);
  }

  needsOf({ channel, accountId, chatId }: Lane): Need[] {
    const { channels, config } = this.#options;
    const account: Need = `account:${channel}/${accountId}`;
    if (!channels.isConfigured(channel, accountId)) return [account];
    const { agentId = config().agents.default } = channels.get(channel).describeChat(accountId, chatId);
    return [account, `agent:${agentId}`];
  }

  async handle(message: TakenMessage): Promise<GatewayError | undefined> {
    const handling: Handling = {
      message,
      stop: new AbortController(),
      beganAtMs: this.#options.clock.now(),
      text: message.content,
      preview: undefined,
      previewId: message.previewId ?? undefined,
      sentLength: message.sentLength ?? 0,
      end: undefined,
      isRecorded: false,
    };
    this.#running.set(laneKey(message), handling);
    try {
      const error = await this.#run(handling);
      if (handling.isRecorded) return undefined;
      return error ?? new GatewayError('INTERNAL_ERROR', { message: 'stream closed without a terminal event' });
    } catch (error) {
      if (error instanceof GatewayError) return error;
      this.#options.logger.error({ messageId: message.id, err: error }, 'unexpected error while a message was handled');
      return new GatewayError('INTERNAL_ERROR', { message: String(error), cause: error });
    } finally {
      this.#running.delete(laneKey(message));
      await handling.preview?.end();
    }
  }

  async note(tx: Transaction, message: InboxMessage, text: string): Promise<void> {
    const parts = findSessionOf(this.#options, message);
    if (parts === undefined) return;
    const nowMs = this.#options.clock.now();
    // A session that the page has deleted since is not created again.
    const session =
      message.channel === 'webchat' ? await findSession(tx, parts.key) : (await ensureSession(tx, { ...parts, nowMs })).session;
    if (session !== undefined) await keepUnanswered(tx, { message, session, reason: text, nowMs });
  }

  async notify(tx: Transaction, message: InboxMessage, text: string): Promise<void> {
    await this.note(tx, message, text);
    // The preview of an answer that is not continued would stay unfinished.
    const previewId = (await readInboxMessage(tx, message))?.previewId ?? undefined;
    await this.#send(tx, message, { id: newId('msg'), content: text, previewId });
  }

  noted(message: InboxMessage): void {
    const session = findSessionOf(this.#options, message);
    if (session === undefined) return;
    this.#options.live.touch(session.key);
    this.#options.publish({ type: 'session', session: session.key, change: 'updated' });
  }

  /** @returns the error that ended the turn, if one did */
  async #run(handling: Handling): Promise<GatewayError | undefined> {
    const { message } = handling;
    const { config, registry } = this.#options;
    const session = sessionOfMessage(this.#options, message);
    const agent = findAgent(config(), session.agentId);
    const origin = message.tokenId === null ? {} : { tokenId: message.tokenId };
    this.#options.titles.cancel(session.key);
    const { known, question } = await this.#options.store.read(async (tx) => {
      const found = await findSession(tx, session.key);
      return {
        known: found,
        question: await this.#options.voice.questionOf(tx, message, { session: found, account: { agent, ...origin } }),
      };
    });
    const { hear } = question;
    const candidates = await chooseModels({ requested: undefined, session: known?.model ?? null, agent, config: config() }, registry());
    const request = {
      agent,
      session,
      // The page has created it, and may have deleted it since.
      mustExist: message.channel === 'webchat',
      text: question.text,
      ...(hear === undefined ? {} : { hear: async (stop: AbortSignal) => (handling.text = await hear(stop)) }),
      candidates,
      hasStopped: this.#interrupted.delete(laneKey(message)),
      withdrawn: message.withdrawn,
      asker: 'chat' as const,
      origin,
      messageId: message.questionId ?? message.id,
      previousTurnId: message.turnId ?? undefined,
      hooks: this.#hooks(handling, { sessionKey: session.key, account: { agent, ...origin } }),
    };
    handling.preview = this.#openPreview(handling);
    return withSignal([this.#stopped.signal, handling.stop.signal], async (signal) => {
      let said = '';
      for await (const event of this.#options.turns.start(request, signal)) {
        if (event.type === 'delta') handling.preview?.update(unsent((said += event.text), handling.sentLength));
        if (event.type === 'error') return event.error;
      }
      return undefined;
    });
  }

  #openPreview(handling: Handling): Preview | undefined {
    const { message, previewId } = handling;
    const { channels, store, logger } = this.#options;
    const { channel, accountId, chatId } = message;
    return channels.openPreview(channel, {
      accountId,
      chatId,
      previewId,
      onShown: (shownId) => {
        handling.previewId = shownId;
        store
          .write((tx) => setInboxPreview(tx, { seq: message.seq, previewId: shownId }))
          .catch((error: unknown) => logger.warn({ err: error }, 'failed to store the id of a preview'));
      },
    });
  }

  #hooks(handling: Handling, asked: Pick<AnsweredQuestion, 'sessionKey' | 'account'>): TurnHooks {
    const { channel, seq, sentLength } = handling.message;
    return {
      begun: async (tx, { id, steps }) => {
        // The chat has received nothing of an answer that starts again.
        handling.sentLength = textOfSteps(steps).length < (sentLength ?? 0) ? 0 : (sentLength ?? 0);
        if ((await setInboxTurn(tx, { seq, turnId: id, sentLength: handling.sentLength })) > 0) return;
        handling.isRecorded = true;
        throw new GatewayError('CONFLICT', { message: 'the message was taken back' });
      },
      leavesContext: true,
      beforeEnd: async () => {
        handling.previewId = (await handling.preview?.end()) ?? handling.previewId;
      },
      ended: (tx, end) => {
        handling.end = end;
        return this.#end(tx, handling, end);
      },
      committed: () => {
        handling.isRecorded = true;
        // Chats of programs are named after their first words.
        const { end, text: question } = handling;
        if (end !== undefined && channel !== 'webhook') this.#options.titles.begin({ ...asked, question, end });
      },
    };
  }

  /** Runs in the transaction that ends the turn. @returns whether the text so far is kept */
  async #end(tx: Transaction, handling: Handling, end: TurnEnding): Promise<boolean> {
    const { instanceId, clock } = this.#options;
    const { message, previewId } = handling;
    const row = { seq: message.seq, instanceId, nowMs: clock.now() };
    const text = textOf({ ...end, reply: unsent(end.reply, handling.sentLength) }, previewId !== undefined);
    if (end.state === 'waiting') {
      const isParked = await parkInbox(tx, row);
      if (isParked && previewId !== undefined && text !== '') {
        // The question to the person follows it, and then the answer.
        await this.#send(tx, message, { id: newId('msg'), content: text, previewId });
        await setInboxSent(tx, { seq: message.seq, sentLength: end.reply.length });
      }
      return isParked;
    }
    if (end.stopReason?.code === 'STOPPING') {
      await putBackInbox(tx, { ...row, countsAttempt: false });
      return false;
    }
    // A fault of the gateway itself, such as a lost database, is not sent as an answer.
    if (end.error?.code === 'UNAVAILABLE' && (await putBackFailed(tx, row))) return false;
    const isOurs = await finishInbox(tx, { ...row, state: 'done', error: end.error?.message ?? null });
    if (!isOurs) return true;
    if (text !== '') await this.#send(tx, message, { id: end.replyId, content: text, previewId });
    return true;
  }

  /** A text that a channel cannot send is replaced by a notice. A channel that is no longer configured has nobody to notify. */
  async #send(
    tx: Transaction,
    { channel, accountId, chatId }: Lane,
    message: { id: string; content: string; previewId?: string | undefined },
  ): Promise<void> {
    for (const content of [message.content, UNSENDABLE]) {
      try {
        await this.#options.outbox.enqueue(tx, { channel, accountId, chatId, ...message, content });
        return;
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        this.#options.logger.error({ channel, err: error }, 'failed to send a reply');
      }
    }
  }
}
