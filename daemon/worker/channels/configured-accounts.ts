/** The accounts of the configuration. */
import { formatKey } from '../../../shared/config/key-path.js';
import type { Config } from '../../../shared/config/schema.js';

type Channels = Config['channels'];
type Accounts<Name extends keyof Channels> = NonNullable<Channels[Name]>['accounts'];

export interface DisabledAccount {
  readonly channel: string;
  readonly accountId: string;
  /** The key that disables it. */
  readonly key: string;
}

export function enabledAccounts<Name extends keyof Channels>({ channels }: Config, name: Name): Accounts<Name> {
  const { enabled: isChannelOn = false, accounts = {} } = channels[name] ?? {};
  const enabled = Object.entries(accounts).filter(([, account]) => isChannelOn && account.enabled);
  return Object.fromEntries(enabled) as Accounts<Name>;
}

/** Returns the accounts that their channels do not know. */
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
