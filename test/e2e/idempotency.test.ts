/** A caller who repeats a request with its key, whatever has happened to the worker and to the connection. */
import { expect, onTestFinished, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { type FakeOpenAi, startFakeOpenAi } from '../fakes/openai/server.js';
import { fakeModels } from '../helpers/make-conversation.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

const never = new Promise<never>(() => undefined);

async function start(): Promise<{ gateway: RealGateway; fake: FakeOpenAi }> {
  const fake = await startFakeOpenAi();
  onTestFinished(() => fake.close());
  const gateway = await RealGateway.create();
  gateway.put('models.json', fakeModels(fake.baseUrl));
  await gateway.run();
  return { gateway, fake };
}

function ask({ url }: RealGateway, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}/api/agent`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'the-one', ...headers },
    body: JSON.stringify({ message: 'hello' }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function said({ url }: RealGateway): Promise<string[]> {
  const response = await fetch(`${url}/api/sessions/main:api:default:direct:default`);
  const { messages } = (await response.json()) as { messages: { role: string; content: string }[] };
  return messages.map(({ role, content }) => `${role}: ${content}`);
}

test.each(['application/json', 'text/event-stream'])(
  'a question whose worker is killed in the middle of its answer is answered when it is repeated, and was asked once (%s)',
  async (accept) => {
    const { gateway, fake } = await start();
    fake.reply({ ...says('lost', ' words'), gate: { before: 1, until: never } }, says('found'));
    // Of a connection that is to be closed Node's fetch takes any end for the answer's.
    const lost = ask(gateway, { Accept: accept, Connection: 'keep-alive' }).then((response) => response.text());
    await fake.received(1);
    await until('the question to be stored', async () => (await said(gateway).catch(() => [])).length === 1);
    const pid = gateway.workerPid();
    process.kill(pid, 'SIGKILL');
    await expect(lost).rejects.toThrow();
    await gateway.untilReplaced(pid);
    const answer = await ask(gateway);
    expect(await answer.json()).toMatchObject({ reply: 'found' });
    expect(await said(gateway)).toEqual(['user: hello', 'assistant: found']);
    const again = await ask(gateway);
    expect([again.headers.get('idempotent-replayed'), await again.json()]).toMatchObject(['true', { reply: 'found' }]);
    expect(fake.requests).toHaveLength(2);
  },
);

test('a restart gives an answer to its end; who repeats the request at the new worker gets that answer', async () => {
  const { gateway, fake } = await start();
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  fake.reply({ ...says('slow', ' answer'), gate: { before: 1, until: held } });
  const first = ask(gateway).then((response) => response.json());
  await fake.received(1);
  const pid = gateway.workerPid();
  const restart = gateway.xopc('gateway', 'restart', '--timeout', '20000');
  await gateway.untilReplaced(pid);
  const second = ask(gateway);
  release();
  expect(await first).toMatchObject({ reply: 'slow answer' });
  expect(await (await second).json()).toMatchObject({ reply: 'slow answer' });
  expect((await restart).code).toBe(0);
  expect(fake.requests).toHaveLength(1);
});

test('an answer goes on without its caller, who gets it when he asks again', async () => {
  const { gateway, fake } = await start();
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  fake.reply({ ...says('half', ' and half'), gate: { before: 1, until: held } });
  const gone = new AbortController();
  const first = ask(gateway, {}, gone.signal);
  await fake.received(1);
  gone.abort();
  await expect(first).rejects.toThrow();
  const repeated = ask(gateway);
  release();
  const second = await repeated;
  expect([second.headers.get('idempotent-replayed'), await second.json()]).toMatchObject(['true', { reply: 'half and half' }]);
  expect(fake.requests).toHaveLength(1);
});
