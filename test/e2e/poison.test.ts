/** A message that takes the worker down each time it is answered, through the real binary. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { startWebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { fakeModels } from '../helpers/make-conversation.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

const INBOUND_TOKEN = 'inbound-token-0123456789';

async function setUp() {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const receiver = await startWebhookReceiver();
  const gateway = await RealGateway.create();
  mkdirSync(gateway.xopcHome, { recursive: true, mode: 0o700 });
  const account = { url: receiver.url, inboundToken: INBOUND_TOKEN };
  const config = { agents: { defaults: { model: 'fake/one' } }, channels: { webhook: { accounts: { default: account } } } };
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify(config));
  writeFileSync(join(gateway.xopcHome, 'models.json'), JSON.stringify(fakeModels(model.baseUrl)));
  await gateway.run();
  const receive = async (chatId: string, content: string): Promise<void> => {
    const answer = await fetch(`${gateway.url}/api/webhook/default`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${INBOUND_TOKEN}` },
      body: JSON.stringify({ chat_id: chatId, content, id: `${chatId} ${content}` }),
    });
    expect(answer.status).toBe(200);
  };
  // A delivery that a killed worker could not note is made again, under the same id.
  const told = (chatId: string): string[] => {
    const mine = receiver.received.filter((webhook) => webhook.chatId === chatId);
    return [...new Map(mine.map(({ id, content }) => [id, content])).values()];
  };
  return { model, gateway, receive, told };
}

test('after three workers it is set aside and its chat told; other chats are answered all the while, and that one again', async () => {
  const { model, gateway, receive, told } = await setUp();
  const asked = (text: string): number => model.requests.filter(({ messages }) => messages.at(-1)?.content === text).length;
  const never = { ...says('never'), gate: { before: 0, until: new Promise<void>(() => undefined) } };
  model.reply(never);
  await receive('poisoned', 'boom');
  await receive('poisoned', 'next');
  for (let death = 1; death <= 3; death += 1) {
    await until('the worker to work on it', () => asked('boom') === death);
    await receive('other', `beside ${death}`);
    await until('the other chat to be answered', () => told('other').includes(`beside ${death}`));
    if (death < 3) model.reply(never);
    const pid = gateway.workerPid();
    process.kill(pid, 'SIGKILL');
    await gateway.untilReplaced(pid);
  }
  await until('the chat to be told', () => told('poisoned').length === 2);
  expect(told('poisoned')).toEqual([expect.stringContaining('It was set aside'), 'next']);
  expect(told('other')).toEqual(['beside 1', 'beside 2', 'beside 3']);
  expect(asked('boom')).toBe(3);
  const { warnings } = await gateway.status();
  expect(warnings.map(({ code }) => code)).toContain('MESSAGE_SET_ASIDE');
});
