/** The channel `webhook`: messages as signed HTTP requests to a receiver of the user's. */
import type { Clock } from '../../../../shared/clock.js';
import type { Config } from '../../../../shared/config/schema.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { AccountSet } from '../account-set.js';
import type { Channel, Composition } from '../channel.js';
import { WebhookAccount, type WebhookSettings } from './account.js';

export interface WebhookChannelOptions {
  /** The configuration in force. */
  config(): Config;
  readonly clock: Clock;
  readonly logger: LogPort;
  onReady(accountId: string): void;
  readonly timeoutMs?: number;
}

/** @returns the accounts that are switched on */
export function webhookSettings(config: Config): Record<string, WebhookSettings> {
  const { webhook } = config.channels;
  if (webhook?.enabled !== true) return {};
  return Object.fromEntries(Object.entries(webhook.accounts).filter(([, { enabled }]) => enabled));
}

/** The request's body, in the form that Standard Webhooks recommends: `type`, `timestamp` (ISO 8601), `data`. */
export function composeWebhook({ id, accountId, chatId, content, nowMs }: Composition): string {
  const data = { message_id: id, accountId, chat_id: chatId, content };
  return JSON.stringify({ type: 'message', timestamp: new Date(nowMs).toISOString(), data });
}

export function createWebhookChannel(options: WebhookChannelOptions): Channel {
  const { clock, logger, timeoutMs } = options;
  const accounts = new AccountSet<WebhookSettings>({
    settings: () => webhookSettings(options.config()),
    create: (accountId, settings) =>
      new WebhookAccount({ accountId, settings, clock, logger, ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
    onReady: (accountId) => options.onReady(accountId),
  });
  return {
    name: 'webhook',
    findAccount: (accountId) => accounts.find(accountId),
    describeChat: (accountId) => ({ peerKind: 'direct', agentId: accounts.settingsOf(accountId)?.agentId }),
    compose: (message) => [composeWebhook(message)],
    start: () => accounts.start(),
    stop: () => accounts.stop(),
    reconfigure: () => accounts.reconfigure(),
    isReady: (accountId) => accounts.get(accountId)?.isReady() ?? false,
    isIdempotent: (accountId) => accounts.settingsOf(accountId)?.idempotent ?? false,
    send: async (delivery, signal) => (await accounts.get(delivery.accountId)?.send(delivery, signal)) ?? { type: 'interrupted' },
    health: () => accounts.health(),
  };
}
