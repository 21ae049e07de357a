/** Names of channels and their accounts, as people read them. */
import type { IconName } from '../icon/icon.js';
import { t } from '../../shell/text.js';

/** The account that is used where no account is named. */
const DEFAULT_ACCOUNT = 'default';

/** `Telegram`; a channel without a name here keeps its own. */
export function channelName(channel: string): string {
  const names: Readonly<Record<string, string>> = {
    telegram: 'Telegram',
    webhook: 'Webhook',
    webchat: t('webchat'),
    api: 'API',
    cron: t('channelCron'),
  };
  return names[channel] ?? channel;
}

/** `Telegram · family`; `Telegram` for the default account. */
export function accountName(channel: string, accountId: string): string {
  return accountId === DEFAULT_ACCOUNT ? channelName(channel) : `${channelName(channel)} · ${accountId}`;
}

/** `Telegram · 4711`; the channel alone for its usual chat. */
export function chatName(channel: string, chat: string | number | null): string {
  return chat === null ? channelName(channel) : `${channelName(channel)} · ${chat}`;
}

export function channelIcon(channel: string): IconName {
  const icons: Readonly<Record<string, IconName>> = { telegram: 'telegram', webhook: 'webhook', webchat: 'chat' };
  return icons[channel] ?? 'channels';
}
