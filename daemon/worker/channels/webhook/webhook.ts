/** The channel `webhook`: sends messages as signed HTTP requests to the owner's receiver. */
import { formatKey } from '../../../../shared/config/key-path.js';
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

export function createWebhookChannel({ config, ...options }: WebhookChannelOptions): Channel {
  const settings = (): Record<string, WebhookSettings> => enabledAccounts(config(), 'webhook');
  return new AccountChannel<WebhookSettings>({
    name: 'webhook',
    ...options,
    settings,
    create: (account) => new WebhookAccount({ ...options, accountId: account.accountId, settings: account.settings }),
    checkReceiver: (accountId) => {
      if (!hasNoReceiver(settings()[accountId])) return;
      throw new GatewayError('INVALID_REQUEST', {
        message: sayOfAnswer('no-receiver', { account: accountId }),
        hint: `Set the address of the receiver: ${shellCommand`xopc config set ${formatKey(['channels', 'webhook', 'accounts', accountId, 'url'])} URL`}`,
      });
    },
    isIdempotent: (account) => account?.idempotent ?? false,
    // Without a receiver, an answer exists only in its session.
    compose: (message) => (hasNoReceiver(settings()[message.accountId]) ? [] : [composeWebhook(message)]),
  });
}
