/** 200 jobs a minute, through 20 kills of the worker, and a minute in which the whole gateway stands still. */
import { expect, test } from 'vitest';
import { countByContent, type CronGateway, startCronGateway, untilTime } from '../helpers/cron-kills.js';
import { until } from '../helpers/real-gateway.js';

const JOBS = 200;
const MINUTES = 3;
const KILLS = 20;
const MINUTE = 60_000;

/** Every occurrence of a job that has come: done once, at its time or later. */
async function checkRuns(cron: CronGateway, id: string): Promise<{ done: number; missedBefore: number }> {
  const runs = await cron.runs(id);
  const done = runs.filter(({ state }) => state === 'done');
  const instants = done.map(({ scheduledAt }) => Date.parse(scheduledAt)).toSorted((a, b) => a - b);
  expect(new Set(instants).size).toBe(instants.length);
  for (const { startedAt, scheduledAt } of done) expect(Date.parse(startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(scheduledAt));
  expect(runs.filter(({ state }) => state !== 'done' && state !== 'interrupted')).toEqual([]);
  return { done: done.length, missedBefore: done.reduce((sum, run) => sum + run.missedBefore, 0) };
}

test('no occurrence of 200 jobs a minute comes twice or not at all through 20 kills', async () => {
  const cron = await startCronGateway();
  // Each at a second of its own, from the next minute but one.
  const ids = await cron.create(Array.from({ length: JOBS }, (_, number) => `${number % 60} * * * * *`));
  const firstMs = (Math.floor(Date.now() / MINUTE) + 1) * MINUTE;
  const endMs = firstMs + MINUTES * MINUTE;
  await untilTime(firstMs);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await untilTime(firstMs + ((kill + 0.5) * MINUTES * MINUTE) / KILLS);
    await cron.kill();
  }
  await untilTime(endMs - 500);
  for (const id of ids) await cron.call('POST', `/api/cron/${id}/toggle`);
  const expected = new Map<string, number>();
  for (const [number, id] of ids.entries()) {
    const { done, missedBefore } = await checkRuns(cron, id);
    expect(missedBefore).toBe(0);
    expect(done).toBeGreaterThanOrEqual(MINUTES);
    expected.set(`job ${number}`, done);
  }
  await until(
    'every message',
    () => [...expected].every(([text, count]) => (countByContent(cron.received).get(text) ?? 0) >= count),
    30_000,
  );
  expect(countByContent(cron.received)).toEqual(expected);
});

test('after a minute in which the machine slept, what was due comes once, and what came before does not come again', async () => {
  const cron = await startCronGateway();
  const nowMs = Date.now();
  const [before, during, after] = await cron.create([2, 30, 70].map((seconds) => `at ${new Date(nowMs + seconds * 1_000).toISOString()}`));
  await until('the first', () => cron.received.length === 1);
  const { pid, children } = cron.gateway.lock();
  const pids = [pid, ...children.map((child) => child.pid)];
  for (const one of pids) process.kill(one, 'SIGSTOP');
  await untilTime(nowMs + 63_000);
  for (const one of pids) process.kill(one, 'SIGCONT');
  // The sleep may have come between a delivery and its answer: that one is sent again, under the id that it had.
  const contents = (): string[] => [...new Set(cron.received.map(({ content }) => content))];
  await until('all', () => contents().length === 3, 30_000);
  for (const id of [before, during, after]) expect(await checkRuns(cron, id ?? '')).toEqual({ done: 1, missedBefore: 0 });
  expect(contents()).toEqual(['job 0', 'job 1', 'job 2']);
  expect(new Set(cron.received.map(({ id }) => id)).size).toBe(3);
});
