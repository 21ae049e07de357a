/** Turns of agents that are scheduled: where they happen, what becomes of those that fail, hang or are cut. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CronRunDocument } from '../../../../shared/api/cron.js';
import type { GatewayEvent } from '../../../../shared/api/gateway/events.js';
import { JobRunner, type JobRunnerOptions } from '../../../../daemon/worker/cron/run-job.js';
import { findCronJob } from '../../../../daemon/worker/store/cron/cron-jobs.js';
import { insertCronRun } from '../../../../daemon/worker/store/cron/cron-runs.js';
import { apiError, says } from '../../../fakes/openai/reply.js';
import { type FakeOpenAi, startFakeOpenAi } from '../../../fakes/openai/server.js';
import { makeCron, newRun } from '../../../helpers/cron-fixture.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { type ConversationOptions, fakeModels, makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const chat = { channel: 'webchat', chat_id: 'me' };
const CHAT_KEY = 'main:webchat:default:direct:me';
const turn = { schedule: 'every 1h', message: 'Report', mode: 'agent', ...chat } as const;

let fake: FakeOpenAi;

beforeEach(async () => {
  fake = await startFakeOpenAi();
});

afterEach(() => fake.close());

const start = (options: ConversationOptions = {}): Promise<TestConversation> =>
  makeConversation({
    models: fakeModels(fake.baseUrl),
    config: { agents: { list: [{ id: 'main', model: 'fake/one' }] } },
    random: () => 0,
    ...options,
  });

async function until<T>(read: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    await new Promise(setImmediate);
  }
}

const runsOf = async ({ cron }: TestConversation, id: string): Promise<CronRunDocument[]> => (await cron.runs(id, {})).runs;

/** The newest run, when as many have ended. */
const ended = (conversation: TestConversation, id: string, count = 1): Promise<CronRunDocument> =>
  until(async () => {
    const done = (await runsOf(conversation, id)).filter(({ finishedAt }) => finishedAt !== null);
    return done.length >= count ? done[0] : undefined;
  });

const texts = async ({ sessions }: TestConversation, key: string): Promise<string[]> =>
  (await sessions.get(key)).messages.map(({ role, content }) => `${role}: ${content}`);

test('an isolated turn starts with an empty context; its reply is in the chat, and its session can be continued', async () => {
  const conversation = await start();
  const job = await conversation.cron.create(turn);
  fake.reply(says('one'), says('two'));
  for (let count = 1; count <= 2; count += 1) {
    await conversation.cron.trigger(job.id);
    await ended(conversation, job.id, count);
  }
  const session = `main:cron:default:direct:${job.id}`;
  const [last] = await runsOf(conversation, job.id);
  expect(last).toMatchObject({ output: 'two', session, model: 'fake/one', inputTokens: expect.any(Number) as number });
  expect((await conversation.cron.list())[0]?.lastRun).toMatchObject({ id: last?.id, state: 'done', session });
  expect(fake.requests.at(-1)?.messages).toEqual([{ role: 'user', content: 'Report' }]);
  expect(await texts(conversation, CHAT_KEY)).toEqual(['assistant: one', 'assistant: two']);
  expect((await texts(conversation, session)).slice(-2)).toEqual(['user: Report', 'assistant: two']);
  await until(async () => (conversation.log.entries.some(({ fields }) => fields['runId'] === last?.id) ? true : undefined));
});

test('a chat is told that the answer of a job is cut off', async () => {
  const conversation = await start();
  const job = await conversation.cron.create(turn);
  fake.reply({ ...says('one'), finishReason: 'content_filter' });
  await conversation.cron.trigger(job.id);
  const output = "one\n\n⚠️ The answer was cut off by the provider's content filter.";
  expect(await ended(conversation, job.id)).toMatchObject({ state: 'done', output });
  expect(await texts(conversation, CHAT_KEY)).toEqual([`assistant: ${output}`]);
});

test('the history keeps the start of a long text, without half a character', async () => {
  const conversation = await start();
  const long = `x${'\u{1F980}'.repeat(2_500)}`;
  fake.reply(says(long));
  for (const change of [{}, { mode: 'direct', message: long }] as const) {
    const job = await conversation.cron.create({ ...turn, ...change });
    await conversation.cron.trigger(job.id);
    expect(await ended(conversation, job.id)).toMatchObject({ state: 'done', output: `x${'\u{1F980}'.repeat(1_999)}` });
  }
});

test('a turn in the main session is a part of its chat, and is there once', async () => {
  const conversation = await start();
  const job = await conversation.cron.create({ ...turn, session: 'main' });
  fake.reply(says('one'));
  await conversation.cron.trigger(job.id);
  expect(await ended(conversation, job.id)).toMatchObject({ session: CHAT_KEY, delivery: { status: 'delivered' } });
  expect(await texts(conversation, CHAT_KEY)).toEqual(['user: Report', 'assistant: one']);
});

test('a turn in the main session of a chat of the page is a part of the chat of the agent that answers', async () => {
  const conversation = await start({ config: { agents: { list: ['main', 'other'].map((id) => ({ id, model: 'fake/one' })) } } });
  const job = await conversation.cron.create({ ...turn, session: 'main', agentId: 'other' });
  fake.reply(says('one'));
  await conversation.cron.trigger(job.id);
  const session = 'other:webchat:default:direct:me';
  expect(await ended(conversation, job.id)).toMatchObject({ session, delivery: { status: 'delivered' } });
  expect(await texts(conversation, session)).toEqual(['user: Report', 'assistant: one']);
  expect((await conversation.sessions.list({})).sessions.map(({ key }) => key)).toEqual([session]);
});

test('a failing turn is retried after 30 s, 1 and 5 minutes, and its chat is notified once', async () => {
  const clock = new FakeClock();
  const conversation = await start({ clock });
  const job = await conversation.cron.create({ ...turn, timeoutMs: 20_000, schedule: '0 0 1 1 *', notifyAfter: 2 });
  fake.reply(
    ...Array.from({ length: 4 }, () => says('never').parts).map(
      (parts) => ({ type: 'text', parts, gate: { before: 0, until: new Promise(() => undefined) } }) as const,
    ),
  );
  await conversation.cron.trigger(job.id);
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    await until(async () => (fake.requests.length >= attempt ? true : undefined));
    clock.advance(20_000);
    const run = await ended(conversation, job.id, attempt);
    const why = { code: 'run-timeout', values: { ms: '20000' } };
    expect(run).toMatchObject({ attempt, state: 'failed', error: 'it took longer than 20000 ms', why });
    const next = (await runsOf(conversation, job.id)).find(({ state }) => state === 'queued');
    if (next === undefined) continue;
    const waitMs = Date.parse(next.dueAt) - clock.now();
    waits.push(waitMs);
    // What it waits with is armed once it has looked.
    await until(async () => {
      clock.advance(waitMs / 100);
      return (await runsOf(conversation, job.id)).some(({ state }) => state === 'running') ? true : undefined;
    });
  }
  expect(waits).toEqual([30_000, 60_000, 300_000]);
  expect(await runsOf(conversation, job.id)).toHaveLength(4);
  expect(await texts(conversation, CHAT_KEY)).toEqual([
    'assistant: ⚠️ The scheduled job “Report” has failed 2 times in a row: it took longer than 20000 ms',
  ]);
  expect((await conversation.cron.list())[0]?.failures).toBe(4);
});

test('a turn that the end of the gateway stops is interrupted, and its chat is notified', async () => {
  const home = tempDir();
  const first = await start({ home, instanceId: 'wk_1' });
  const job = await first.cron.create(turn);
  fake.reply({ type: 'text', parts: ['half', 'never'], gate: { before: 1, until: new Promise(() => undefined) } });
  await first.cron.trigger(job.id);
  await until(async () => (fake.requests.length > 0 ? true : undefined));
  await first.close();
  const second = await start({ home, instanceId: 'wk_2' });
  expect((await runsOf(second, job.id)).map(({ state }) => state)).toEqual(['interrupted']);
  expect(await texts(second, CHAT_KEY)).toEqual([
    `assistant: ⚠️ The scheduled job “Report” was interrupted because the gateway stopped. Run it again with: xopc cron run ${job.id}`,
  ]);
});

test.each([
  ['changed', { schedule: 'every 2h' }, 'the schedule was changed before it ran'],
  ['disabled', { enabled: false }, 'the job was disabled before it ran'],
] as const)('an occurrence that waits is dropped when its job is %s', async (_name, change, error) => {
  const clock = new FakeClock();
  const conversation = await start({ clock });
  fake.replyAlways({ type: 'text', parts: ['never'], gate: { before: 0, until: new Promise(() => undefined) } });
  const job = await conversation.cron.create({ ...turn, schedule: 'every 10s', overlap: 'queue', timeoutMs: 60_000, retries: 0 });
  const statesOf = async (): Promise<string[]> => (await runsOf(conversation, job.id)).map(({ state }) => state);
  for (const count of [1, 2]) {
    clock.advance(9_900);
    // In small steps: the disk is a real one, and must not be left behind by more than an occurrence.
    await until(async () => {
      clock.advance(10);
      return (await statesOf()).length === count ? true : undefined;
    });
  }
  await conversation.cron.update(job.id, change);
  expect(await statesOf()).toEqual(['skipped', 'running']);
  expect((await runsOf(conversation, job.id))[0]).toMatchObject({ error });
  // The turn's time limit may begin only now.
  await until(async () => {
    clock.advance(10_000);
    return (await statesOf()).includes('failed') ? true : undefined;
  });
});

test('what happens to jobs and runs is published', async () => {
  const events: GatewayEvent[] = [];
  const conversation = await start({ publish: (event) => void events.push(event) });
  const { cron } = conversation;
  const job = await cron.create({ schedule: 'every 1h', message: 'x', ...chat });
  await cron.trigger(job.id);
  await ended(conversation, job.id);
  await until(async () => (events.some((event) => event.type === 'cron' && event.state === 'done') ? true : undefined));
  await cron.update(job.id, { name: 'y' });
  await cron.delete(job.id);
  const seen = events.flatMap((event) => (event.type === 'cron' ? [`${event.job_id === job.id} ${event.change} ${event.state}`] : []));
  expect(seen).toEqual(['true created null', 'true run running', 'true run done', 'true updated null', 'true deleted null']);
});

test('a turn that fails after a call of the model has its tokens and its model in the history', async () => {
  const conversation = await start();
  const job = await conversation.cron.create(turn);
  fake.reply({ ...says('Looking.'), calls: [{ name: 'time', input: {} }] }, apiError(400, { message: 'no more' }));
  await conversation.cron.trigger(job.id);
  const tokens = expect.any(Number) as number;
  expect(await ended(conversation, job.id)).toMatchObject({
    state: 'failed',
    model: 'fake/one',
    inputTokens: tokens,
    outputTokens: tokens,
  });
});

test('a run that others have ended meanwhile is not announced as done', async () => {
  const cron = await makeCron();
  await cron.addJob('job', { schedule: 'every 1h' });
  const row = newRun({ jobId: 'job', trigger: 'manual', scheduledAtMs: 0, dueAtMs: 0, state: 'replaced', finishedAtMs: 1 });
  await cron.store.write((tx) => insertCronRun(tx, row));
  const [[run], job] = [await cron.runs('job'), await cron.store.read((tx) => findCronJob(tx, 'job'))];
  if (run === undefined || job === undefined) throw new Error('they are not stored');
  const [announced, log] = [[] as unknown[], logMemory()];
  const announce = (changes: unknown): number => announced.push(changes);
  const deps = { chats: { find: () => ({ lane: {} }) }, announce };
  const options = { store: cron.store, clock: cron.clock, logger: log, ...deps };
  await new JobRunner(options as unknown as JobRunnerOptions).run({ job, run }, new AbortController().signal);
  expect([announced, log.entries]).toEqual([[], []]);
});
