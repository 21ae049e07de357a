/** The channel `webhook`: sends messages as signed HTTP requests to the owner's receiver. */
import { formatKey } from '../../../../shared/config/key-path.js';
import type { Config } from '../../../../shared/config/schema.js';
import { GatewayError } from '../../../../shared/errors.js';
import { sayOfAnswer } from '../../../../shared/text/sentences/answer.js';
import { shellCommand } from '../../../../shared/text/shell-word.js';
import { AccountChannel } from '../account-set.js';
import type { Channel, Composition } from '../channel.js';
import { enabledAccounts } from '../configured-accounts.js';
import { WebhookAccount, type WebhookSettings } from './account.js';
import type { Deps } from '../../store/tasks/worker-deps.js';

export interface WebhookChannelOptions extends Deps<'clock' | 'logger' | 'config'> {
  readonly timeoutMs?: number;
}

/** The request's body, in the form that Standard Webhooks recommends: `type`, `timestamp` (ISO 8601), `data`. */
export function composeWebhook({ id, accountId, chatId, content, nowMs }: Composition): string {
  const data = { message_id: id, accountId, chat_id: chatId, content };
  return JSON.stringify({ type: 'message', timestamp: new Date(nowMs).toISOString(), data });
}

const hasNoReceiver = (settings: WebhookSettings | undefined): boolean => settings !== undefined && settings.url === undefined;

class WebhookChannel extends AccountChannel<WebhookSettings> {
  readonly #config: () => Config;

  constructor({ config, ...options }: WebhookChannelOptions) {
    super({
      name: 'webhook',
      ...options,
      settings: () => enabledAccounts(config(), 'webhook'),
      create: ({ accountId, settings }) => new WebhookAccount({ accountId, settings, ...options }),
      isIdempotent: (settings) => settings?.idempotent ?? false,
      // Without a receiver, an answer exists only in its session.
      compose: (message) => (hasNoReceiver(enabledAccounts(config(), 'webhook')[message.accountId]) ? [] : [composeWebhook(message)]),
    });
    this.#config = config;
  }

  checkReceiver(accountId: string): void {
    if (!hasNoReceiver(enabledAccounts(this.#config(), 'webhook')[accountId])) return;
    throw new GatewayError('INVALID_REQUEST', {
      message: sayOfAnswer('no-receiver', { account: accountId }),
      hint: `Set the address of the receiver: ${shellCommand`xopc config set ${formatKey(['channels', 'webhook', 'accounts', accountId, 'url'])} URL`}`,
    });
  }
}

export function createWebhookChannel(options: WebhookChannelOptions): Channel {
  return new WebhookChannel(options);
}
