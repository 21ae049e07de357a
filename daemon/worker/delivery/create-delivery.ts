/** Composes the delivery of messages: channels, outbox and inbox, with one lifecycle. */
import type { StatusWarning } from '../../../shared/api/gateway/status.js';
import { ofModule } from '../../../shared/log/modules.js';
import { sayOfIssue } from '../../../shared/text/sentences/issue.js';
import type { ChatCommand } from '../channels/host.js';
import { disabledAccounts } from '../channels/configured-accounts.js';
import { ChannelRegistry } from '../channels/registry.js';
import { SEND_GRACE_MS } from '../channels/sends.js';
import { createTelegramChannel, type TelegramModule } from '../channels/telegram/telegram.js';
import { createWebchat } from '../channels/webchat.js';
import { createWebhookChannel } from '../channels/webhook/webhook.js';
import { AccountSpread } from './accounts/account-spread.js';
import type { Decisions } from './button-decisions.js';
import { createChannelIntake } from './channel-intake.js';
import type { InboxHandler } from './inbox-queue.js';
import { Inbox } from './inbox.js';
import { type MessageEvent, messageEvent } from './message-event.js';
import { Outbox } from './outbox.js';
import type { OnMessageEnd } from './record-attempt.js';
import type { TraceStarter } from '../tracing/span.js';
import type { Deps } from '../store/tasks/worker-deps.js';

export interface DeliveryDeps extends Deps<'store' | 'clock' | 'logger' | 'instanceId' | 'liveness' | 'config'> {
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Loads the Telegram bundle. */
  readonly loadTelegram: () => TelegramModule;
  /** Called after each change of a message. */
  readonly publish: (event: MessageEvent) => void;
  /** Applies decisions made with buttons; created later. */
  readonly decisions: () => Decisions;
  readonly tracing?: TraceStarter | undefined;
}

/** What the active worker adds; it is built on the parts below. */
interface DeliveryStart {
  readonly handler: InboxHandler;
  readonly onMessageEnd: OnMessageEnd;
  readonly commands: readonly ChatCommand[];
}

/** The rest of a short deadline is for recording the results. */
const SEND_SHARE = 0.6;

export function createDelivery({ logger, publish, loadTelegram: load, ...deps }: DeliveryDeps) {
  const { config, clock, random } = deps;
  const channels = new ChannelRegistry(
    [
      createWebchat(),
      createTelegramChannel({ config, clock, random, load, logger: ofModule(logger, 'telegram') }),
      createWebhookChannel({ config, clock, logger: ofModule(logger, 'webhook') }),
    ],
    () => disabledAccounts(config()),
  );
  const outbox = new Outbox({
    ...deps,
    logger: ofModule(logger, 'outbox'),
    channels,
    onRecorded: (delivery, state) => publish(messageEvent({ ...delivery, id: delivery.messageId }, state)),
  });
  const inboxDeps = { ...deps, logger: ofModule(logger, 'inbox'), outbox };
  const inbox = new Inbox(inboxDeps);
  const intake = createChannelIntake({ ...inboxDeps, inbox });
  const spread = new AccountSpread({ ...inboxDeps, channels });

  return {
    channels,
    outbox,
    inbox,
    /** Starts sending, receiving and answering; only in the one active worker. */
    async start({ handler, onMessageEnd, commands }: DeliveryStart): Promise<void> {
      await outbox.start(onMessageEnd);
      await inbox.start(handler);
      await channels.start({ intake, commands, accountReady: (channel, accountId) => outbox.wakeAccount(channel, accountId) });
      spread.start();
    },
    /** Applies a changed configuration. */
    async reconfigure(): Promise<void> {
      await channels.reconfigure();
      for (const { channel, accountId } of channels.accounts()) inbox.wakeAccount(channel, accountId);
    },
    /** Stops all of these within `timeoutMs`. Pending sends get a short time to end; pending answers continue. */
    async quiesce(timeoutMs: number): Promise<void> {
      inbox.stop();
      await spread.stop();
      // Channels are stopped last, because sends in progress still need them.
      await outbox.stop(Math.min(SEND_GRACE_MS, timeoutMs * SEND_SHARE));
      await channels.stop();
      await intake.releaseAll();
    },
    /** Aborts pending answers; the next worker restarts them. */
    close: () => inbox.close(),
    warnings: (): StatusWarning[] => (inbox.setAside === 0 ? [] : [setAsideWarning(inbox.setAside)]),
  };
}

function setAsideWarning(count: number): StatusWarning {
  return {
    code: 'MESSAGE_SET_ASIDE',
    message: sayOfIssue('messages-set-aside', { count }),
    hint: 'The log names them: xopc gateway logs --level error',
  };
}
