/** Messages to chats and from them, through the real binary and across its restarts. */
import { createHmac } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { startFakeTelegram, TOKEN, type FakeTelegram } from '../fakes/telegram/server.js';
import { startWebhookReceiver, type WebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { GITHUB } from '../fixtures/webhook-calls.js';
import { fakeModels } from '../helpers/make-conversation.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

const INBOUND_TOKEN = 'inbound-token-0123456789';

function writeConfig(gateway: RealGateway, channels: object): void {
  mkdirSync(gateway.xopcHome, { recursive: true, mode: 0o700 });
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify({ channels }), { mode: 0o600 });
}

const webhook = (receiver: WebhookReceiver): object => ({ accounts: { default: { url: receiver.url, inboundToken: INBOUND_TOKEN } } });
const telegram = (fake: FakeTelegram): object => ({ accounts: { personal: { botToken: TOKEN, apiRoot: fake.apiRoot, dmPolicy: 'open' } } });

interface Posted {
  readonly path: string;
  readonly body: object;
  readonly headers?: Record<string, string>;
}

async function post(gateway: RealGateway, { path, body, headers }: Posted): Promise<Record<string, unknown>> {
  const answer = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

describe('messages for chats', () => {
  test('arrive in order and once through restarts and killed workers, and their fate can be read', async () => {
    const receiver = await startWebhookReceiver();
    receiver.react = () => ({ status: 204, delayMs: 5 });
    const gateway = await RealGateway.create();
    writeConfig(gateway, { webhook: webhook(receiver) });
    await gateway.run();
    const ids: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const sending = (async () => {
        for (let number = 0; number < 50; number += 1) {
          const { message_id: id } = await post(gateway, {
            path: '/api/message',
            body: { channel: 'webhook', chat_id: `chat-${number % 5}`, content: `${round}-${number}` },
          });
          ids.push(String(id));
        }
      })();
      if (round % 2 === 0) expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
      await sending;
      if (round % 2 === 1) {
        const pid = gateway.workerPid();
        process.kill(pid, 'SIGKILL');
        await gateway.untilReplaced(pid);
      }
    }
    await until('every message', () => new Set(receiver.received.map(({ id }) => id)).size === 200);
    for (let chat = 0; chat < 5; chat += 1) {
      const texts = receiver.received.filter(({ chatId }) => chatId === `chat-${chat}`).map(({ content }) => content);
      const expected = [0, 1, 2, 3].flatMap((round) => Array.from({ length: 10 }, (_, index) => `${round}-${index * 5 + chat}`));
      expect([...new Set(texts)]).toEqual(expected);
    }
    expect(new Set(ids)).toEqual(new Set(receiver.received.map(({ id }) => id)));
    await until('all to be settled', async () =>
      (await gateway.xopc('messages', '--status', 'queued', '--json')).stdout.includes('"messages": []'),
    );
    const shown = await gateway.xopc('messages', 'show', ids[0]!, '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({ id: ids[0], status: 'delivered', content: '0-0' });
  });

  test('are refused for an unknown channel, and dead for an unknown chat', async () => {
    const receiver = await startWebhookReceiver();
    receiver.react = () => ({ status: 404, body: 'no such chat' });
    const gateway = await RealGateway.create();
    writeConfig(gateway, { webhook: webhook(receiver) });
    await gateway.run();
    const nowhere = await gateway.xopc('send', '--channel', 'nowhere', '--chat', '1', 'hello');
    expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining("no channel 'nowhere'") });
    const dead = await gateway.xopc('send', '--channel', 'webhook', '--chat', '1', '--wait', 'hello');
    expect(dead).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^msg_\w+ dead\n$/),
      stderr: expect.stringContaining('no such chat'),
    });
    receiver.react = () => ({ status: 200 });
    const id = dead.stdout.split(' ')[0]!;
    expect((await gateway.xopc('messages', 'retry', id)).stdout).toBe(`${id} queued\n`);
    await receiver.until((received) => received.length === 2);
    expect(receiver.received[1]?.id).toBe(id);
  });
});

describe('messages from chats', () => {
  test('of Telegram are answered through restarts, each once, and never by two polls at a time', async () => {
    const fake = await startFakeTelegram();
    const gateway = await RealGateway.create();
    writeConfig(gateway, { telegram: telegram(fake) });
    await gateway.run();
    await until('the bot to run', async () => (await gateway.status()).worker?.channels['telegram:personal']?.state === 'running');
    for (let round = 0; round < 5; round += 1) {
      fake.say(`/status ${round}`);
      if (round % 2 === 0) {
        expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
      } else {
        const pid = gateway.workerPid();
        process.kill(pid, 'SIGKILL');
        await gateway.untilReplaced(pid);
      }
    }
    // A kill may come while an answer is being sent: Telegram cannot be asked whether it has it, so that one is not sent again.
    const statuses = async (): Promise<string[]> => {
      const { messages } = (await (await fetch(`${gateway.url}/api/messages`)).json()) as { messages: { status: string }[] };
      return messages.map(({ status }) => status);
    };
    const ended = await until('every answer', async () => {
      const found = await statuses();
      return found.length === 5 && found.every((status) => status === 'delivered' || status === 'unknown') && found;
    });
    expect(fake.conflicts).toBe(0);
    expect(fake.bot.pendingUpdates).toBe(0);
    const answers = fake.bot.sent.map(({ text }) => text).filter((text) => text.startsWith('Agent: main'));
    expect(new Set(answers).size).toBe(answers.length);
    expect(answers.length).toBeGreaterThanOrEqual(ended.filter((status) => status === 'delivered').length);
    expect(ended.filter((status) => status === 'unknown').length).toBeLessThanOrEqual(2);
    expect(readFileSync(gateway.logPath, 'utf8')).not.toContain(TOKEN);
  });

  test('from a program are stored before the response, and replied to once through the account, also after a kill', async () => {
    const receiver = await startWebhookReceiver();
    const model = await startFakeOpenAi({ models: ['one'] });
    onTestFinished(() => model.close());
    model.replyAlways(says('Noted'));
    const gateway = await RealGateway.create();
    const github = { preset: 'github', inboundSecret: INBOUND_TOKEN, url: receiver.url };
    writeConfig(gateway, { webhook: { accounts: { github, default: { url: receiver.url, inboundToken: INBOUND_TOKEN } } } });
    writeFileSync(join(gateway.xopcHome, 'models.json'), JSON.stringify(fakeModels(model.baseUrl)));
    await gateway.run();
    const signature = createHmac('sha256', INBOUND_TOKEN).update(JSON.stringify(GITHUB.push)).digest('hex');
    const headers = { 'X-GitHub-Event': 'push', 'X-GitHub-Delivery': 'd1', 'X-Hub-Signature-256': `sha256=${signature}` };
    const push = { path: '/api/webhook/github', body: GITHUB.push, headers };
    const pid = gateway.workerPid();
    const taken = await post(gateway, push);
    process.kill(pid, 'SIGKILL');
    await gateway.untilReplaced(pid);
    expect(await post(gateway, push)).toEqual(taken);
    await receiver.until((received) => received.length >= 1);
    const call = {
      path: '/api/webhook/default',
      body: { chat_id: 'ops', content: '/help', id: 'evt-1' },
      headers: { Authorization: `Bearer ${INBOUND_TOKEN}` },
    };
    const first = await post(gateway, call);
    expect(await post(gateway, call)).toEqual(first);
    await receiver.until((received) => received.some(({ chatId }) => chatId === 'ops'));
    // A delivery that the killed worker could not note is made again, under the same id.
    const told = new Map(receiver.received.map(({ id, chatId, content }) => [id, `${chatId}: ${content}`]));
    expect([...told.values()]).toEqual(['Codertocat/Hello-World: Noted', expect.stringMatching(/^ops: [^]*\/new/)]);
  });

  test('are read as soon as an account is put into the configuration, and no longer when it is taken out', async () => {
    const fake = await startFakeTelegram();
    const gateway = await RealGateway.create();
    writeConfig(gateway, {});
    await gateway.run();
    writeConfig(gateway, { telegram: telegram(fake) });
    fake.say('/help');
    await until('an answer', () => fake.bot.sent.length === 1);
    writeConfig(gateway, {});
    await until('the poll to end', () => fake.openPolls === 0);
    expect((await gateway.status()).restarts).toMatchObject({ planned: 0, crashes: 0 });
  });
});
