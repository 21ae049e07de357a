/** Entry of the bundle that speaks to Telegram, a `TelegramModule`. It is loaded when an account is configured. */
import { TelegramAccount, type TelegramAccountOptions } from '../channels/telegram/account.js';
import type { ChannelAccount } from '../channels/account-set.js';

export { composeTelegram } from '../channels/telegram/compose.js';

export function createTelegramAccount(options: TelegramAccountOptions): ChannelAccount {
  return new TelegramAccount(options);
}
