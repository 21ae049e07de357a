/** The Telegram accounts of the configuration. */
import { createHash } from 'node:crypto';
import type { Config } from '../../../../shared/config/schema.js';

/** An account of the configuration. */
export type TelegramSettings = Omit<NonNullable<Config['channels']['telegram']>['accounts'][string], 'enabled'>;

/** Returns the bot's id: the number before the colon, which survives a new token. An invalid token gets a hash as its id. */
export function botIdOf(token: string): string {
  return /^(\d{1,20}):/.exec(token)?.[1] ?? createHash('sha256').update(token).digest('hex').slice(0, 16);
}
