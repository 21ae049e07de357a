/** Sets the commands that Telegram offers when someone types a slash. */
import type { ChatCommand } from '../host.js';
import type { BotCommand } from './api/bot-answers.js';
import type { BotApi } from './api/bot-api.js';

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

/** Offers the gateway's commands, unless the bot's owner has set another menu. Fails silently, because nothing depends on it. */
export async function offerCommands(api: Pick<BotApi, 'call'>, commands: readonly ChatCommand[], signal: AbortSignal): Promise<void> {
  const menu = menuOf(commands);
  const offered = await api.call('getMyCommands', {}, signal);
  if (!offered.ok || menu.length === 0) return;
  const names = new Set(menu.map(({ command }) => command));
  const isOurs = offered.value.every(({ command }) => names.has(command));
  const texts = (list: readonly BotCommand[]): string => list.map(({ command, description }) => `${command} ${description}`).join('\n');
  if (isOurs && texts(offered.value) !== texts(menu)) await api.call('setMyCommands', { commands: menu }, signal);
}
