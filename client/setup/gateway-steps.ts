/** The steps of `xopc setup` before and after the model: first the running gateway, then a Telegram bot and the service. */
import type { ChannelDocument } from '../../shared/api/channels.js';
import { locateGateway } from '../gateway/locate-gateway.js';
import { awaitStarting } from '../gateway/wait-ready.js';
import { findServiceObstacle } from '../service/await-service.js';
import { recordOf } from '../service/files/install-record.js';
import { installOptions } from '../service/plan/reinstall-command.js';
import type { SetupRun } from './setup-run.js';

/** Starts the gateway unless it runs, because every other step needs it. @throws StepFailed when it does not start */
export async function gatewayStep(setup: SetupRun): Promise<void> {
  const paths = setup.io.gatewayPaths;
  const location = await awaitStarting(paths, await locateGateway(paths));
  if (location.kind === 'answers' && location.status.desired === 'up') {
    return setup.note(`It runs already (pid ${location.status.pid}): ${location.status.urls[0] ?? ''}`);
  }
  await setup.run(['gateway', 'start'], { isQuiet: true });
  const { pid, url } = (setup.done.at(-1)?.result ?? {}) as { pid?: number; url?: string };
  await setup.note(`It runs now (pid ${pid}): ${url}`);
}

const TOKEN_VARIABLE = 'TELEGRAM_BOT_TOKEN';

export async function channelStep(setup: SetupRun): Promise<void> {
  const { telegramTokenEnv, telegramApiRoot } = setup.flags;
  const words = ['channels', 'add', 'telegram', ...(telegramApiRoot === undefined ? [] : ['--api-root', telegramApiRoot])];
  if (telegramTokenEnv !== undefined) await setup.run([...words, '--token-env', telegramTokenEnv]);
  else if (setup.prompter !== undefined) await askChannel(setup, words);
}

async function askChannel(setup: SetupRun, words: readonly string[]): Promise<void> {
  const { prompter } = setup;
  const { channels } = await setup.request<{ channels: ChannelDocument[] }>({ method: 'GET', path: '/api/channels' });
  const bots = channels.filter(({ channel }) => channel === 'telegram');
  for (const { accountId, state, message } of bots)
    await setup.note(`telegram/${accountId}: ${state}${message === null ? '' : `, ${message}`}`);
  const question = bots.length === 0 ? 'Connect a Telegram bot?' : 'Change the token of telegram/default?';
  while ((await prompter?.confirm(question, false)) === true) {
    const isSet = setup.variable(TOKEN_VARIABLE) !== undefined;
    const token = await prompter?.secret(`Token of the bot, from @BotFather (not shown${isSet ? `; Enter takes ${TOKEN_VARIABLE}` : ''})`);
    if (token === '' && !isSet) continue;
    const shown = [...words, '--token-env', TOKEN_VARIABLE];
    const add = () => (token === '' ? setup.run(shown) : setup.run([...words, '--token-stdin'], { secret: token, shown }));
    if (await setup.attempt(add)) return askPairing(setup);
  }
}

async function askPairing(setup: SetupRun): Promise<void> {
  for (;;) {
    const code = await setup.prompter?.ask('Code that the bot answers you with (Enter skips)');
    if (code === undefined || code === '' || (await setup.attempt(() => setup.run(['channels', 'approve', 'telegram', code])))) return;
  }
}

export async function serviceStep(setup: SetupRun): Promise<void> {
  const record = recordOf(setup.io.gatewayPaths);
  if (setup.flags.service) return setup.run(['gateway', 'install', ...(record === undefined ? [] : installOptions(record.plan))]);
  if (setup.prompter === undefined) return;
  if (record !== undefined) return setup.note('It is installed as a service. See it with: xopc gateway service-status');
  const obstacle = await findServiceObstacle(setup.io.gatewayPaths);
  if (obstacle !== undefined) return setup.note(`Not here: ${obstacle}`);
  if (await setup.prompter.confirm('Install it as a service that starts with this machine?', true)) await setup.run(['gateway', 'install']);
}
