/** The first hour of a new user, who types nothing but what the program prints. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { startFakeTelegram, TOKEN } from '../fakes/telegram/server.js';
import { RealGateway, root, runProcess, until } from '../helpers/real-gateway.js';
import { openTerminal } from '../helpers/terminal.js';

/** The command in a printed line such as `   xopc agent "hello"   # Talk to the agent`. */
function printedCommand(text: string, words: string): string {
  const line = text.split('\n').find((candidate) => candidate.includes(words));
  if (line === undefined) throw new Error(`no line with '${words}' in:\n${text}`);
  return line.replace(/^.*?(\S*xopc )/, '$1').replace(/ {2,}#.*$/, '');
}

test('from the first start to a model, a Telegram bot, a chat and a job', async () => {
  const models = await startFakeOpenAi({ models: ['tiny'] });
  onTestFinished(() => models.close());
  const telegram = await startFakeTelegram();
  const gateway = await RealGateway.create();
  // As in a fresh clone: no xopc in PATH, so that each hint must name the launcher as it was called.
  const path = (process.env['PATH'] ?? '')
    .split(':')
    .filter((entry) => entry !== join(root, 'bin'))
    .join(':');
  const env = { ...gateway.env, PATH: path };
  const shell = (line: string) => runProcess(['/bin/sh', '-c', line], [], { env, cwd: root }).done;

  const first = openTerminal(['/bin/sh', '-c', `cd '${root}' && exec ./bin/xopc gateway`], env);
  await first.shows('Follow its log');
  const welcome = first.all();
  const setup = printedCommand(welcome, 'Asks for provider');
  expect(setup).toBe('./bin/xopc setup');

  const guided = openTerminal(['/bin/sh', '-c', `cd '${root}' && exec ${setup} --telegram-api-root ${telegram.apiRoot}`], env);
  const answers: [string, () => string][] = [
    ['Provider [1]: ', () => '10'],
    ['Base URL', () => models.baseUrl],
    ['A name for it', () => ''],
    ['API key', () => ''],
    ['Default model', () => ''],
    ['Connect a Telegram bot?', () => 'y'],
    ['Token of the bot', () => TOKEN],
  ];
  for (const [question, answer] of answers) {
    await guided.shows(question);
    guided.type(answer());
  }
  await guided.shows('Code that the bot answers');
  telegram.say('hello');
  await until('the code', () => telegram.bot.sent.length === 1);
  guided.type(/approve telegram (\w{8})/.exec(telegram.bot.sent[0]?.text ?? '')?.[1] ?? '');
  await Promise.race([guided.exitCode, guided.shows('Install it as a service').then(() => guided.type('n'))]);
  expect(await guided.exitCode, guided.all()).toBe(0);

  const next = guided.all();
  expect(await shell(printedCommand(next, 'Talk to the agent'))).toMatchObject({ code: 0, stdout: 'hello\n' });
  telegram.say('are you there');
  await until('an answer in the chat', () => telegram.bot.sent.at(-1)?.text === 'are you there');
  const job = printedCommand(next, 'at nine').replace("'0 9 * * *'", "'every 2s'");
  expect(await shell(job.replace('CHAT', '42'))).toMatchObject({ code: 0, stdout: expect.stringContaining('next run') as string });
  await until('the job', () => telegram.bot.sent.at(-1)?.text === 'Good morning');
  expect(await shell(printedCommand(next, 'Show its status'))).toMatchObject({ code: 0 });

  first.type('\u0003');
  expect(await first.exitCode, first.all()).toBe(0);
  expect(first.all()).not.toMatch(/ (WARN|ERROR) /);
});
