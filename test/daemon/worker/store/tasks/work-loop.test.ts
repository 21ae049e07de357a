import { expect, test } from 'vitest';
import { WorkLoop } from '../../../../../daemon/worker/store/tasks/work-loop.js';
import { GatewayError } from '../../../../../shared/errors.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { logMemory } from '../../../../helpers/log-memory.js';

const down = new GatewayError('UNAVAILABLE', { message: 'the disk is full' });
const turnOfLoop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A loop whose looks last until `end` is called. */
function makeLoop() {
  const clock = new FakeClock();
  const logger = logMemory();
  const open: { resolve(waitMs?: number): void; reject(error: unknown): void }[] = [];
  const news = new Set<() => void>();
  let looks = 0;
  const loop = new WorkLoop({
    clock,
    logger,
    problem: 'it has to wait',
    look() {
      looks += 1;
      return new Promise((resolve, reject) => void open.push({ resolve, reject }));
    },
    listen(wake) {
      news.add(wake);
      return () => void news.delete(wake);
    },
  });
  /** Ends the current look, and lets the loop go on. */
  async function end(result?: number | Error): Promise<void> {
    const look = open.shift();
    if (result instanceof Error) look?.reject(result);
    else look?.resolve(result);
    await turnOfLoop();
  }
  async function pass(durationMs: number): Promise<number> {
    clock.advance(durationMs);
    await turnOfLoop();
    return looks;
  }
  return { loop, logger, news, end, pass, count: () => looks };
}

test('it looks at its start, after the delay that a look returns, and when others changed something', async () => {
  const { loop, news, end, pass, count } = makeLoop();
  const started = loop.start();
  expect(count()).toBe(1);
  await end(500);
  await started;
  expect(await pass(499)).toBe(1);
  expect(await pass(1)).toBe(2);
  await end();
  expect(await pass(1_000_000)).toBe(2);
  news.forEach((wake) => wake());
  expect(count()).toBe(3);
});

test('wakes during a look cause one more look, and wait for it', async () => {
  const { loop, end, count } = makeLoop();
  void loop.start();
  const ended: number[] = [];
  const wakes = [1, 2, 3].map((number) => loop.wake().then(() => ended.push(number)));
  expect(count()).toBe(1);
  await end();
  expect([count(), ended]).toEqual([2, []]);
  await end();
  await Promise.all(wakes);
  expect([count(), ended]).toEqual([2, [1, 2, 3]]);
});

test('a wake replaces the delay that was left', async () => {
  const { loop, end, pass } = makeLoop();
  void loop.start();
  await end(500);
  void loop.wake();
  await end(800);
  expect(await pass(799)).toBe(2);
  expect(await pass(1)).toBe(3);
});

test('after a failure it pauses, longer and longer, and says so once', async () => {
  const { loop, logger, end, pass, count } = makeLoop();
  const started = loop.start();
  await end(down);
  await started;
  expect(await pass(999)).toBe(1);
  expect(await pass(1)).toBe(2);
  await pass(5_000);
  await end(down);
  expect(await pass(2_999)).toBe(2);
  expect(await pass(1)).toBe(3);
  expect(logger.entries).toMatchObject([{ level: 'warn', message: 'it has to wait', fields: { reason: 'the disk is full' } }]);
  await end(0);
  await pass(0);
  await end(down);
  expect(await pass(1_000)).toBe(5);
  expect(count()).toBe(5);
  expect(logger.entries).toHaveLength(2);
});

test('a stop waits for the look under way, and nothing follows it', async () => {
  const { loop, news, end, pass, count } = makeLoop();
  void loop.start();
  void loop.wake();
  let isStopped = false;
  const stopped = loop.stop().then(() => {
    isStopped = true;
  });
  await turnOfLoop();
  expect(isStopped).toBe(false);
  await end(500);
  await stopped;
  expect(news.size).toBe(0);
  await loop.wake();
  await loop.start();
  await pass(10_000);
  expect(count()).toBe(1);
});

test('a stop cancels the delay; one that overtakes the start leaves nothing to start', async () => {
  const { loop, end, pass } = makeLoop();
  void loop.start();
  await end(500);
  await loop.stop();
  expect(await pass(500)).toBe(1);
  const other = makeLoop();
  await other.loop.wake();
  await other.loop.stop();
  await other.loop.start();
  expect([other.count(), other.news.size]).toEqual([0, 0]);
});
