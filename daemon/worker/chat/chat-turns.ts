/** Handles a message from a chat outside: one turn, whose answer goes out through the outbox in the same transaction. */
import type { Clock } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { chooseModels } from '../turns/model/model-choice.js';
import type { Preview } from '../channels/channel.js';
import type { ChannelRegistry } from '../channels/registry.js';
import { cutShort, TOLD } from '../delivery/inbox-claim.js';
import type { HandlingResult, InboxHandler } from '../delivery/inbox.js';
import type { Outbox } from '../delivery/outbox.js';
import type { ProviderRegistry } from '../providers/registry.js';
import { finishInbox, setInboxPreview, setInboxTurn } from '../store/delivery/inbox.js';
import { appendMessage } from '../store/conversations/messages.js';
import type { Lane } from '../store/delivery/outbox.js';
import type { InboxMessageRow, SessionRow } from '../store/schema.js';
import { findSession, type NewSession } from '../store/conversations/sessions.js';
import type { Store } from '../store/store.js';
import { findAgent } from '../config/agents.js';
import { sessionOf } from '../sessions/session-key.js';
import type { TurnEnding, TurnHooks } from '../turns/turn-journal.js';
import type { TurnRunner } from '../turns/turn-runner.js';
import type { Transaction } from '../store/transaction.js';

export interface ChatTurnsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly channels: ChannelRegistry;
  readonly outbox: Pick<Outbox, 'enqueue' | 'wake'>;
  turns(): TurnRunner;
  readonly instanceId: string;
  readonly config: () => Config;
  readonly registry: () => ProviderRegistry;
}

const UNSENDABLE = 'The answer cannot be shown here. It is kept in the session of this chat.';

/** A message on its way through a turn. */
interface Handling {
  readonly message: InboxMessageRow;
  readonly lane: Lane;
  readonly stop: AbortController;
  preview: Preview | undefined;
  previewId: string | undefined;
  isSettled: boolean;
}

const laneKey = ({ channel, accountId, chatId }: Lane): string => JSON.stringify([channel, accountId, chatId]);

const laneOf = (row: InboxMessageRow): Lane => ({ channel: row.channel, accountId: row.account_id, chatId: row.chat_id });

/** What the chat is told. Of an answer that somebody stopped, only what it has seen of it already. */
function textOf({ reply, error, stopReason }: TurnEnding, previewId: string | undefined): string {
  if (stopReason !== null) return previewId === undefined || reply === '' ? '' : `${reply} …`;
  return error === null ? reply : [reply, `⚠️ ${error.message}`].filter((part) => part !== '').join('\n\n');
}

export class ChatTurns implements InboxHandler {
  readonly #options: ChatTurnsOptions;
  readonly #stopped = new AbortController();
  /** By chat: there is one at a time. */
  readonly #running = new Map<string, Handling>();

  constructor(options: ChatTurnsOptions) {
    this.#options = options;
  }

  /** Cuts what is being answered, and whatever is about to begin. */
  stop(): void {
    this.#stopped.abort(new GatewayError('STOPPING', { message: 'the gateway stops or restarts' }));
  }

  interrupt(lane: Lane): void {
    this.#running.get(laneKey(lane))?.stop.abort(new GatewayError('CONFLICT', { message: 'the chat asked to stop' }));
  }

  settled(lane: Lane): void {
    this.#options.outbox.wake(lane);
  }

  async handle(message: InboxMessageRow): Promise<HandlingResult> {
    const handling: Handling = {
      message,
      lane: laneOf(message),
      stop: new AbortController(),
      preview: undefined,
      previewId: message.preview_id ?? undefined,
      isSettled: false,
    };
    this.#running.set(laneKey(handling.lane), handling);
    try {
      const error = await this.#run(handling);
      if (handling.isSettled) return 'settled';
      return { type: 'unsettled', error: error ?? new GatewayError('INTERNAL_ERROR', { message: 'the turn ended without an end' }) };
    } catch (error) {
      if (!(error instanceof GatewayError))
        this.#options.logger.error({ messageId: message.id, err: error }, 'a message failed in a way that it should not');
      return {
        type: 'unsettled',
        error: error instanceof GatewayError ? error : new GatewayError('INTERNAL_ERROR', { message: String(error), cause: error }),
      };
    } finally {
      this.#running.delete(laneKey(handling.lane));
      await handling.preview?.end();
    }
  }

  async tell(tx: Transaction, message: InboxMessageRow, text: string): Promise<void> {
    const session = await this.#findSession(tx, message);
    if (session !== undefined) {
      const told = { sessionId: session.id, turnId: message.turn_id, content: text, model: null, nowMs: this.#options.clock.now() };
      await appendMessage(tx, { ...told, id: newId('msg'), role: 'system', status: 'error' });
    }
    await this.#say(tx, laneOf(message), { id: newId('msg'), content: text });
  }

  /** The chat's channel or agent may have been taken out of the configuration since. */
  async #findSession(tx: Transaction, message: InboxMessageRow): Promise<SessionRow | undefined> {
    try {
      return await findSession(tx, this.#sessionOf(message).session.key);
    } catch (error) {
      if (error instanceof GatewayError) return undefined;
      throw error;
    }
  }

  /** @returns the error that ended the turn, if one did */
  async #run(handling: Handling): Promise<GatewayError | undefined> {
    const { message } = handling;
    const { config, registry } = this.#options;
    const { agent, session } = this.#sessionOf(message);
    const known = await this.#options.store.read((tx) => findSession(tx, session.key));
    const candidates = await chooseModels({ requested: undefined, session: known?.model ?? null, agent, config: config() }, registry());
    const request = {
      agent,
      session,
      mustExist: false,
      text: message.content,
      candidates,
      runsCommands: true,
      messageId: message.question_id ?? message.id,
      previousTurnId: message.turn_id ?? undefined,
      hooks: this.#hooks(handling),
    };
    handling.preview = this.#openPreview(handling);
    let said = '';
    const signal = AbortSignal.any([this.#stopped.signal, handling.stop.signal]);
    for await (const event of this.#options.turns().start(request, signal)) {
      if (event.type === 'delta') handling.preview?.update((said += event.text));
      if (event.type === 'error') return new GatewayError(event.code, { message: event.message });
    }
    return undefined;
  }

  #sessionOf(message: InboxMessageRow): { agent: ReturnType<typeof findAgent>; session: NewSession } {
    const { channels, config } = this.#options;
    const { channel, account_id: accountId, chat_id: chatId, peer_kind: peerKind } = message;
    const { agentId, peerId = chatId } = channels.get(channel).describeChat(accountId, chatId);
    const agent = findAgent(config(), agentId);
    return { agent, session: sessionOf({ agentId: agent.id, channel, accountId, peerKind, peerId }) };
  }

  #openPreview(handling: Handling): Preview | undefined {
    const { message, lane, previewId } = handling;
    const { channels, store, logger } = this.#options;
    return channels.openPreview(lane.channel, {
      ...lane,
      previewId,
      onShown: (shownId) => {
        handling.previewId = shownId;
        store
          .write((tx) => setInboxPreview(tx, { seq: message.seq, previewId: shownId }))
          .catch((error: unknown) => logger.warn({ err: error }, 'a preview was not noted'));
      },
    });
  }

  #hooks(handling: Handling): TurnHooks {
    return {
      begun: async (tx, { id }) => setInboxTurn(tx, { seq: handling.message.seq, turnId: id }),
      settle: async () => {
        handling.previewId = (await handling.preview?.end()) ?? handling.previewId;
      },
      ended: (tx, end) => this.#end(tx, handling, end),
      committed: () => {
        handling.isSettled = true;
      },
    };
  }

  /** Runs in the transaction that ends the turn. @returns whether what was said is kept */
  async #end(tx: Transaction, handling: Handling, end: TurnEnding): Promise<boolean> {
    const { instanceId, clock } = this.#options;
    const { message, lane, previewId } = handling;
    const row = { seq: message.seq, instanceId, nowMs: clock.now() };
    if (end.stopReason?.code === 'STOPPING') {
      const isAgain = (await cutShort(tx, row)) === 'again';
      if (!isAgain) await this.#say(tx, lane, { id: newId('msg'), content: TOLD.interrupted });
      return !isAgain;
    }
    const isOurs = await finishInbox(tx, { ...row, state: 'done', error: end.error?.message ?? null });
    if (!isOurs) return true;
    const text = textOf(end, previewId);
    if (text !== '') await this.#say(tx, lane, { id: end.replyId, content: text, previewId });
    return true;
  }

  /** What a channel cannot send is said in fewer words. A channel that is not set up any more has nobody to tell. */
  async #say(tx: Transaction, lane: Lane, message: { id: string; content: string; previewId?: string | undefined }): Promise<void> {
    for (const content of [message.content, UNSENDABLE]) {
      try {
        await this.#options.outbox.enqueue(tx, { ...lane, ...message, content });
        return;
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        this.#options.logger.error({ channel: lane.channel, err: error }, 'a reply cannot be sent');
      }
    }
  }
}
