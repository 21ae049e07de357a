/** The Telegram accounts of the configuration. */
import { createHash } from 'node:crypto';
import type { Config } from '../../../../shared/config/schema.js';

/** An account of the configuration. */
export type TelegramSettings = Omit<NonNullable<Config['channels']['telegram']>['accounts'][string], 'enabled'>;

/** @returns the accounts that are switched on */
export function telegramSettings(config: Config): Record<string, TelegramSettings> {
  const { telegram } = config.channels;
  if (telegram?.enabled !== true) return {};
  return Object.fromEntries(Object.entries(telegram.accounts).filter(([, { enabled }]) => enabled));
}

/** The bot that a token is for: the number before the colon, which stays the same when the token is replaced. A wrong one gets a name too. */
export function botIdOf(token: string): string {
  return /^(\d{1,20}):/.exec(token)?.[1] ?? createHash('sha256').update(token).digest('hex').slice(0, 16);
}
