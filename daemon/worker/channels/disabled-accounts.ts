/** Accounts that the configuration disables; their channels do not know them. */
import { formatKey } from '../../../shared/config/key-path.js';
import type { Config } from '../../../shared/config/schema.js';

export interface DisabledAccount {
  readonly channel: string;
  readonly accountId: string;
  /** The key that disables it. */
  readonly key: string;
}

export function disabledAccounts({ channels }: Config): DisabledAccount[] {
  return (['telegram', 'webhook'] as const).flatMap((channel) => {
    const { enabled: isChannelOn = false, accounts = {} } = channels[channel] ?? {};
    return Object.entries(accounts)
      .filter(([, { enabled }]) => !isChannelOn || !enabled)
      .map(([accountId]) => {
        const path = ['channels', channel, ...(isChannelOn ? ['accounts', accountId] : []), 'enabled'];
        return { channel, accountId, key: formatKey(path) };
      });
  });
}
