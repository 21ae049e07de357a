/** How fast Telegram lets a bot send: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this. */
import type { Pace } from '../channel.js';
import { isGroupId, parseChatId } from './chat-id.js';

/** About 30 messages a second: 25, and 5 at once. */
const ACCOUNT = { intervalMs: 40, burst: 5 };
/** One a second; short bursts are allowed. */
const DIRECT = { intervalMs: 1_000, burst: 3 };
/** 20 a minute, in all topics together: 15, and 5 at once. */
const GROUP = { intervalMs: 4_000, burst: 5 };

export function paceOf(chatId: string): Pace {
  return { account: ACCOUNT, chat: isGroupId(chatId) ? GROUP : DIRECT, chatId: String(parseChatId(chatId).chat_id) };
}
