/** Sets the commands that Telegram offers when someone types a slash. */
import type { ChatCommand } from '../host.js';
import type { BotCommand } from './api/bot-answers.js';
import { type BotApi, type BotFailure, classifyFailure } from './api/bot-api.js';

/** https://core.telegram.org/bots/api#botcommand */
const NAME = /^[a-z0-9_]{1,32}$/;
const MAX_DESCRIPTION = 256;
const MAX_COMMANDS = 100;

function menuOf(commands: readonly ChatCommand[]): BotCommand[] {
  return commands
    .filter(({ name }) => NAME.test(name))
    .slice(0, MAX_COMMANDS)
    .map(({ name, summary }) => ({ command: name, description: summary.slice(0, MAX_DESCRIPTION) }));
}

const isTemporary = (failure: BotFailure): boolean => classifyFailure(failure, 'setMyCommands').type === 'failed';

/**
 * Offers the gateway's commands, unless the bot's owner has set another menu. Fails silently, because nothing depends on it.
 * @returns false when another attempt may succeed
 */
export async function offerCommands(api: Pick<BotApi, 'call'>, commands: readonly ChatCommand[], signal: AbortSignal): Promise<boolean> {
  const menu = menuOf(commands);
  const offered = await api.call('getMyCommands', {}, signal);
  if (!offered.ok) return !isTemporary(offered.failure);
  if (menu.length === 0) return true;
  const names = new Set(menu.map(({ command }) => command));
  const isOurs = offered.value.every(({ command }) => names.has(command));
  const texts = (list: readonly BotCommand[]): string => list.map(({ command, description }) => `${command} ${description}`).join('\n');
  if (!isOurs || texts(offered.value) === texts(menu)) return true;
  const set = await api.call('setMyCommands', { commands: menu }, signal);
  return set.ok || !isTemporary(set.failure);
}
