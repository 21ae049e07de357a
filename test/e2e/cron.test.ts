/** Scheduled jobs through the real gateway, its restarts and its deaths. */
import { expect, test } from 'vitest';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { countByContent, startCronGateway, untilTime } from '../helpers/cron-kills.js';
import { fakeModels } from '../helpers/make-conversation.js';
import { until } from '../helpers/real-gateway.js';

const JOBS = 60;
const SPREAD_MS = 6_000;
const KILLS = 6;

test(
  '60 messages that are due while the worker is killed 6 times come once each, none early, none missing',
  { tags: ['long'] },
  async () => {
    const cron = await startCronGateway();
    const firstMs = Date.now() + 3_000;
    const instants = Array.from({ length: JOBS }, (_, number) => firstMs + Math.floor((number * SPREAD_MS) / JOBS));
    const ids = await cron.create(instants.map((atMs) => `at ${new Date(atMs).toISOString()}`));
    for (let kill = 0; kill < KILLS; kill += 1) {
      await untilTime(firstMs + (kill * SPREAD_MS) / KILLS);
      await cron.kill();
    }
    await until('every message', () => countByContent(cron.received).size === JOBS, 20_000);
    expect([...countByContent(cron.received).values()].filter((count) => count !== 1)).toEqual([]);
    for (const [number, id] of ids.entries()) {
      const runs = await cron.runs(id);
      expect(runs.filter(({ state }) => state === 'done')).toHaveLength(1);
      expect(runs.filter(({ state }) => state !== 'done' && state !== 'interrupted')).toEqual([]);
      for (const { startedAt } of runs) expect(Date.parse(startedAt ?? '')).toBeGreaterThanOrEqual(instants[number]!);
    }
  },
);

test(
  'a job that was due while the gateway was stopped runs once and late; one that was done does not run again',
  { tags: ['long'] },
  async () => {
    const cron = await startCronGateway();
    const [done, due] = await cron.create(['at 2099-01-01T00:00:00Z', `at ${new Date(Date.now() + 2_500).toISOString()}`]);
    await cron.call('POST', '/api/cron/trigger', { job_id: done });
    await until('the first', () => cron.received.length === 1);
    expect((await cron.gateway.xopc('gateway', 'stop')).code).toBe(0);
    await untilTime(Date.now() + 3_000);
    expect(cron.received).toHaveLength(1);
    await cron.gateway.run();
    await until('the second', () => cron.received.length === 2);
    expect((await cron.gateway.xopc('gateway', 'restart')).code).toBe(0);
    const [run, ...more] = await cron.runs(due ?? '');
    expect({ state: run?.state, more }).toEqual({ state: 'done', more: [] });
    expect((await cron.runs(done ?? '')).map(({ state }) => state)).toEqual(['done']);
    expect(cron.received.map(({ content }) => content)).toEqual(['job 0', 'job 1']);
  },
);

test('a turn that dies with its worker is interrupted, its chat is told, and with policy again it is answered', async () => {
  const fake = await startFakeOpenAi();
  const cron = await startCronGateway(fakeModels(fake.baseUrl) as object, { agents: { list: [{ id: 'main', model: 'fake/one' }] } });
  const never = { type: 'text', parts: ['x'], gate: { before: 0, until: new Promise(() => undefined) } } as const;
  fake.reply(never, never);
  const make = async (chat: string, interrupted: string): Promise<string> => {
    const body = { schedule: 'every 1d', message: `from ${chat}`, mode: 'agent', channel: 'webhook', chat_id: chat, interrupted };
    const { job } = await cron.call<{ job: { id: string } }>('POST', '/api/cron/create', body);
    await cron.call('POST', '/api/cron/trigger', { job_id: job.id });
    return job.id;
  };
  const left = await make('left', 'leave');
  const again = await make('again', 'again');
  await fake.received(2);
  await cron.kill();
  await until('both chats', () => cron.received.length === 2);
  expect((await cron.runs(left)).map(({ state }) => state)).toEqual(['interrupted']);
  expect((await cron.runs(again)).map(({ state }) => state)).toEqual(['done', 'interrupted']);
  const told = Object.fromEntries(cron.received.map(({ chatId, content }) => [chatId, content]));
  expect(told).toEqual({ left: expect.stringContaining(`xopc cron run ${left}`) as string, again: 'from again' });
  await fake.close();
});

test('a schedule that was deleted, changed or disabled never fires again, also after restarts', async () => {
  const cron = await startCronGateway();
  const ids = await cron.create(['every 1s', 'every 1s', 'every 1s']);
  await until('each once', () => countByContent(cron.received).size === 3);
  await cron.call('DELETE', `/api/cron/${ids[0]}`);
  await cron.call('PATCH', `/api/cron/${ids[1]}`, { schedule: 'every 1d', message: 'new' });
  await cron.call('POST', `/api/cron/${ids[2]}/toggle`);
  const [made] = await cron.create(['every 1d']);
  const count = async (status: string): Promise<number> =>
    (await cron.call<{ messages: object[] }>('GET', `/api/messages?status=${status}`)).messages.length;
  const isSettled = async (): Promise<boolean> => (await count('queued')) + (await count('sending')) === 0;
  await until('what was sent', isSettled);
  const before = cron.received.length;
  await cron.kill();
  expect((await cron.gateway.xopc('gateway', 'restart')).code).toBe(0);
  await untilTime(Date.now() + 2_500);
  expect(cron.received).toHaveLength(before);
  const { jobs } = await cron.call<{ jobs: { id: string }[] }>('GET', '/api/cron');
  expect(jobs.map(({ id }) => id)).toEqual([ids[1], ids[2], made]);
});
