/** Puts the delivery of messages together: channels, what goes out to them, what comes in, and their one lifecycle. */
import type { Clock } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import type { StatusWarning } from '../../../shared/control/messages.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { type LogModule, ofModule } from '../../../shared/log/modules.js';
import { ChannelRegistry } from '../channels/registry.js';
import { createTelegramChannel, type TelegramModule } from '../channels/telegram/telegram.js';
import { createWebchat } from '../channels/webchat.js';
import { createWebhookChannel } from '../channels/webhook/webhook.js';
import { Inbox } from './inbox.js';
import { Outbox, type OutboxOptions } from './outbox.js';
import type { ProviderRegistry } from '../providers/registry.js';
import type { Store } from '../store/store.js';
import { createChannelIntake } from './channel-intake.js';
import { ChatTurns } from '../chat/chat-turns.js';
import type { GatewayEvent } from '../../../shared/api/events.js';
import type { TurnRunner } from '../turns/turn-runner.js';

export interface DeliveryDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly instanceId: string;
  liveInstanceIds(): readonly string[];
  config(): Config;
  registry(): ProviderRegistry;
  /** 0 ≤ x < 1. */
  random(): number;
  turns(): TurnRunner;
  /** What chats take as commands. */
  commands(): readonly { readonly name: string; readonly summary: string }[];
  /** Loads the bundle that speaks to Telegram. */
  loadTelegram(): TelegramModule;
  /** Is told what became of messages. */
  readonly publish: (event: GatewayEvent) => void;
}

export interface DeliveryParts {
  readonly channels: ChannelRegistry;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  /** What only the one active worker does: sends, receives, answers. */
  start(): Promise<void>;
  /** Ends all of that, within `timeoutMs`. What is being sent has a moment to end; what is being answered goes on. */
  quiesce(timeoutMs: number): Promise<void>;
  /** Cuts what is still being answered: the next worker answers it. */
  close(): Promise<void>;
  warnings(): StatusWarning[];
}

/** How long a restart waits for what is being sent; the next worker cannot begin before. */
const SEND_GRACE_MS = 2_000;
/** The rest of a short deadline is for writing down what came of it. */
const SEND_SHARE = 0.6;

export function createDelivery(deps: DeliveryDeps): DeliveryParts {
  const { store, clock, logger, instanceId } = deps;
  const config = (): Config => deps.config();
  const random = (): number => deps.random();
  const liveInstanceIds = (): readonly string[] => deps.liveInstanceIds();
  const onReady = (channel: string) => (accountId: string) => outbox.wakeAccount(channel, accountId);
  // What channels take in, and what they send for, is made from them; nothing of it is called before all of it is there.
  const intake = createChannelIntake({
    store,
    clock,
    logger: ofModule(logger, 'inbox'),
    instanceId,
    liveInstanceIds,
    inbox: { storeIn: (...args) => inbox.storeIn(...args), wake: (lane) => inbox.wake(lane) },
    outbox: { enqueue: (tx, message) => outbox.enqueue(tx, message), wake: (lane) => outbox.wake(lane) },
  });
  const log = (module: LogModule): LogPort => ofModule(logger, module);
  const telegram = { logger: log('telegram'), commands: () => deps.commands(), load: () => deps.loadTelegram() };
  const channels: ChannelRegistry = new ChannelRegistry([
    createWebchat(),
    createTelegramChannel({ config, clock, intake, random, ...telegram, onReady: onReady('telegram') }),
    createWebhookChannel({ config, clock, logger: log('webhook'), onReady: onReady('webhook') }),
  ]);
  const onRecorded = publishStates(deps);
  const outbox: Outbox = new Outbox({ store, clock, logger: log('outbox'), channels, instanceId, liveInstanceIds, random, onRecorded });
  const handler = new ChatTurns({
    store,
    clock,
    logger: log('agent'),
    channels,
    outbox,
    instanceId,
    config,
    turns: () => deps.turns(),
    registry: () => deps.registry(),
  });
  const inbox: Inbox = new Inbox({ store, clock, logger: log('inbox'), outbox, instanceId, liveInstanceIds });

  return {
    channels,
    outbox,
    inbox,
    async start() {
      await outbox.start();
      await inbox.start(handler);
      await channels.start();
    },
    async quiesce(timeoutMs) {
      inbox.stop();
      // Channels last: what is being sent still needs them.
      await outbox.stop(Math.min(SEND_GRACE_MS, timeoutMs * SEND_SHARE));
      await channels.stop();
    },
    close: () => inbox.close(),
    warnings: () => (inbox.setAside === 0 ? [] : [setAsideWarning(inbox.setAside)]),
  };
}

function publishStates({ publish }: Pick<DeliveryDeps, 'publish'>): NonNullable<OutboxOptions['onRecorded']> {
  return ({ messageId, channel, accountId, chatId }, status) =>
    publish({ type: 'message', id: messageId, channel, accountId, chat_id: chatId, status });
}

function setAsideWarning(count: number): StatusWarning {
  return {
    code: 'MESSAGE_SET_ASIDE',
    message: `${count} ${count === 1 ? 'message was' : 'messages were'} set aside, because the worker ended each time it was handled`,
    hint: 'The log says which: xopc gateway logs --level error',
  };
}
