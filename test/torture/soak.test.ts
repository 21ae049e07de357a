/** A mixed load for half an hour (`--minutes`) with a fault every 30 s; then each promise is looked up. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { MINUTE_MS } from '../../shared/clock.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { type ReceivedWebhook, startWebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { fakeModels } from '../helpers/make-conversation.js';
import { RealGateway, until } from '../helpers/real-gateway.js';
import { faultAt, type World } from './soak/faults.js';
import { compare, firstArrivals, Ledger, repeated } from './soak/ledger.js';
import { askAgent, chat, complete, followEvents, INBOUND_TOKEN, type LoadContext, receiveQuestions, sendMessages } from './soak/load.js';
import { type Trend, Vitals } from './soak/vitals.js';

const minutes = Number(process.env['XOPC_TORTURE_MINUTES'] ?? 30);
const FAULT_EVERY_MS = 30_000;
const JOBS = 5;
/** Of a process that has lived long enough to tell. */
const MAX_MB_PER_MIN = 1;
const TELLING_MINUTES = 10;

async function startWorld(): Promise<World> {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const receiver = await startWebhookReceiver();
  const gateway = await RealGateway.create();
  mkdirSync(gateway.xopcHome, { recursive: true, mode: 0o700 });
  const accounts = {
    default: { url: receiver.url, inboundToken: INBOUND_TOKEN },
    plain: { url: receiver.url.replace('/hook', '/plain'), idempotent: false },
  };
  const write = (name: string, document: unknown): void => writeFileSync(join(gateway.xopcHome, name), JSON.stringify(document));
  write('config.json', { agents: { defaults: { model: 'fake/one' } }, channels: { webhook: { accounts } } });
  write('models.json', fakeModels(model.baseUrl));
  await gateway.run();
  return { gateway, receiver, model, follower: gateway.follow('--json'), refused: new WeakSet() };
}

/** Jobs that send a message every few seconds. @returns their ids */
function createJobs({ gateway }: World): Promise<string[]> {
  return Promise.all(
    Array.from({ length: JOBS }, async (_, number) => {
      const body = {
        schedule: `every ${3 + number}s`,
        message: `job ${number}`,
        channel: 'webhook',
        chat_id: 'jobs',
        accountId: 'default',
      };
      const answer = await fetch(`${gateway.url}/api/cron/create`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      return ((await answer.json()) as { job: { id: string } }).job.id;
    }),
  );
}

/** @returns the faults that were inflicted */
async function inflict(world: World, endMs: number): Promise<string[]> {
  const inflicted: string[] = [];
  for (let number = 0; Date.now() + FAULT_EVERY_MS < endMs; number += 1) {
    await delay(FAULT_EVERY_MS);
    const [name, act] = faultAt(number);
    await act(world);
    inflicted.push(name);
  }
  await delay(Math.max(0, endMs - Date.now()));
  return inflicted;
}

const taken = ({ receiver, refused }: World): ReceivedWebhook[] => receiver.received.filter((webhook) => !refused.has(webhook));

interface Listed {
  readonly id: string;
  readonly status: string;
  readonly accountId: string;
}

async function list({ gateway }: World, status: string): Promise<Listed[]> {
  const all: Listed[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const answer = await fetch(`${gateway.url}/api/messages?status=${status}&limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`);
    const page = (await answer.json()) as { messages: Listed[]; nextCursor: string | null };
    all.push(...page.messages);
    cursor = page.nextCursor;
  }
  return all;
}

async function untilSettled(world: World): Promise<void> {
  const isOpen = async (): Promise<boolean> =>
    (await Promise.all(['queued', 'sending', 'retry_wait'].map((status) => list(world, status)))).flat().length > 0;
  await until('nothing to be on its way', async () => !(await isOpen()), 10 * MINUTE_MS);
}

/** Runs of jobs: each instant once, and as many messages as runs that are done. */
async function checkJobs(world: World, ids: readonly string[]): Promise<string[]> {
  const arrived = firstArrivals(taken(world)).get('jobs') ?? [];
  const faults = await Promise.all(
    ids.map(async (id, number) => {
      const answer = await fetch(`${world.gateway.url}/api/cron/${id}/runs?limit=200`);
      const { runs } = (await answer.json()) as { runs: { state: string; scheduledAt: string }[] };
      const instants = runs.filter(({ state }) => state === 'done').map(({ scheduledAt }) => scheduledAt);
      const twice = instants.filter((instant, index) => instants.indexOf(instant) !== index);
      const count = arrived.filter((content) => content === `job ${number}`).length;
      // The list holds the newest 200 runs.
      const isFew = runs.length < 200 && count !== instants.length;
      return [
        ...twice.map((instant) => `job ${number} ran twice for ${instant}`),
        ...(isFew ? [`job ${number}: ${instants.length} runs, ${count} messages`] : []),
      ];
    }),
  );
  return faults.flat();
}

/** Each question of the keyed calls stands in its session once, with one answer. */
async function checkAsked({ gateway }: World, count: number): Promise<string[]> {
  const answer = await fetch(`${gateway.url}/api/sessions/${encodeURIComponent('main:api:default:direct:soak')}`);
  const { messages } = (await answer.json()) as { messages: { role: string; content: string; status: string }[] };
  const asked = messages.filter(({ role }) => role === 'user').map(({ content }) => content);
  const twice = asked.filter((content, index) => asked.indexOf(content) !== index);
  return [
    ...twice.map((content) => `'${content}' stands in its session twice`),
    ...(asked.length > count + 1 ? ['more questions than calls'] : []),
  ];
}

function describeTrend({ role, minutes: lived, rssMb, mbPerMin, files, filesPerMin, peakMb }: Trend): string {
  const memory = `${rssMb.toFixed(0)} MB after ${lived.toFixed(1)} min, ${mbPerMin.toFixed(2)} MB/min, peak ${peakMb.toFixed(0)} MB`;
  return `${role}: ${memory}; ${files} open files, ${filesPerMin.toFixed(2)}/min`;
}

test(
  'under a mixed load with a fault every 30 s nothing accepted is lost, doubled or out of order',
  { timeout: (minutes + 20) * MINUTE_MS },
  async () => {
    const world = await startWorld();
    const jobs = await createJobs(world);
    const ledger = new Ledger();
    const over = new AbortController();
    const context: LoadContext = { gateway: world.gateway, ledger, over: over.signal };
    const vitals = new Vitals(world.gateway);
    const load = Promise.all([
      sendMessages(context, 'default'),
      sendMessages(context, 'plain'),
      receiveQuestions(context),
      chat(context),
      askAgent(context),
      complete(context),
      followEvents(context),
    ]);
    const inflicted = await Promise.race([inflict(world, Date.now() + minutes * MINUTE_MS), load.then(() => [] as string[])]);
    over.abort();
    await load;
    for (const id of jobs) await fetch(`${world.gateway.url}/api/cron/${id}/toggle`, { method: 'POST' });
    await untilSettled(world);
    const arrived = firstArrivals(taken(world));
    const isAnswered = (): boolean => compare(ledger.questions, firstArrivals(taken(world))).length === 0;
    await until('every answer', isAnswered, MINUTE_MS).catch(() => undefined);
    const { trends, latencyMs } = vitals.stop();
    const unknown = (await list(world, 'unknown')).length;
    const plain = taken(world).filter(({ path }) => path === '/plain');
    // What a kill cut of the account that does not know repetitions may be lost, and says so.
    const lost = compare(ledger.messages, arrived);
    const excused = lost.filter((fault) => /^plain-.* is lost$/.test(fault));
    const faults = [
      ...ledger.faults,
      ...lost.filter((fault) => !excused.includes(fault)),
      ...compare(ledger.questions, firstArrivals(taken(world))),
      ...repeated(plain),
      ...(excused.length > unknown ? [`${excused.length} lost, of which ${unknown} are shown as unknown`] : []),
      ...(await checkJobs(world, jobs)),
      ...(await checkAsked(world, ledger.done.get('agent calls') ?? 0)),
      ...(world.follower.child.exitCode === null ? [] : ['logs --follow has ended']),
      ...trends.filter((trend) => trend.minutes > TELLING_MINUTES && trend.mbPerMin > MAX_MB_PER_MIN).map(describeTrend),
    ];
    const lines = [
      `${minutes} minutes; faults: ${inflicted.join(', ')}`,
      `done: ${[...ledger.done].map(([kind, count]) => `${count} ${kind}`).join(', ')}; ${taken(world).length} webhooks, ${unknown} unknown`,
      `calls without a key that failed: ${[...ledger.failures].map(([kind, count]) => `${count} × ${kind}`).join(', ') || 'none'}`,
      ...trends.map(describeTrend),
      `health: p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms, max ${latencyMs.max} ms`,
      `${faults.length} violations`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    expect(faults).toEqual([]);
  },
);
