import { expect, onTestFinished, test } from 'vitest';
import { bindListenSocket } from '../../../../daemon/supervisor/socket/listen-socket.js';
import { BOOT_LIMIT_MS, REFUSAL_LIMIT_MS } from '../../../../daemon/supervisor/workers/worker-process.js';
import { isAlive } from '../../../../shared/node/process/process-identity.js';
import { buildFixture } from '../../../helpers/fixture-process.js';
import { FixtureWorker, workerFixture } from '../../../helpers/fixture-worker.js';

const start = (name: string): FixtureWorker => new FixtureWorker(workerFixture(name));

test('a healthy worker is ready, listens on the handle, serves, drains and leaves', async () => {
  const socket = await bindListenSocket('127.0.0.1', 0);
  onTestFinished(() => socket.close());
  const { worker, messages, said, exited } = start('healthy.mjs');
  await said('ready');
  worker.send({ type: 'listen', host: socket.host, port: socket.port }, socket.handle);
  await said('listening');
  worker.activate();
  await said('children');
  const answer = await fetch(`http://127.0.0.1:${socket.port}/`, { headers: { Connection: 'close' } });
  expect(await answer.text()).toBe(worker.instanceId);
  worker.drain('restart', 5_000);
  await expect(exited).resolves.toMatchObject({ pid: worker.pid, code: 0, signal: null, reason: 'exited with code 0' });
  expect(messages.map(({ type }) => type)).toContain('quiesced');
  expect(worker).toMatchObject({ cut: { requests: 0 }, vitals: { rssBytes: 1 }, killedFor: undefined });
});

test('one that hangs while it boots is killed at the limit', async () => {
  const { clock, logged, exited } = start('never-ready.mjs');
  await logged('booting');
  clock.advance(BOOT_LIMIT_MS);
  expect(await exited).toMatchObject({ code: null, signal: 'SIGKILL', reason: 'was not ready within 120 s' });
});

test('one that crashes on start leaves its trace in the exit record and in the log', async () => {
  const { logger, exited } = start('crashes-on-start.mjs');
  const record = await exited;
  expect(record).toMatchObject({ code: 1, reason: expect.stringContaining('exited with code 1: Error: cannot boot with wk_1') as string });
  expect(record.output).toContain('Error: cannot boot with wk_1');
  expect(logger.messages().join('\n')).toContain('Error: cannot boot with wk_1');
});

test('one that crashes after it was ready has said so before', async () => {
  const { messages, exited } = start('crashes-after-ready.mjs');
  expect(await exited).toMatchObject({ code: 7, output: 'last words\n' });
  expect(messages.map(({ type }) => type)).toEqual(['ready']);
});

test('one that ignores messages and signals is killed 300 ms after the drain time', async () => {
  const { worker, clock, said, logged, exited } = start('ignores-drain.mjs');
  await said('ready');
  worker.drain('stop', 500);
  process.kill(worker.pid, 'SIGTERM');
  await logged('ignores drain');
  expect(isAlive(worker.pid)).toBe(true);
  clock.advance(800);
  expect(await exited).toMatchObject({ signal: 'SIGKILL', reason: 'did not drain within 500 ms' });
  expect(isAlive(worker.pid)).toBe(false);
});

test('one that refuses to start and stays is killed; its reason is kept', async () => {
  const { worker, clock, said, exited } = start('refuses-and-stays.mjs');
  await said('bootFailed');
  clock.advance(REFUSAL_LIMIT_MS);
  expect(await exited).toMatchObject({ signal: 'SIGKILL' });
  expect(worker.refusal?.error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

test('one whose main loop spins writes where it is, and is killed', async () => {
  const { clock, said, logged, exited } = new FixtureWorker(buildFixture('workers/silent-heartbeat'));
  await said('listening');
  await new Promise((resolve) => setTimeout(resolve, 500)); // a loop that spins can tell nobody
  clock.advance(15_000);
  await logged('spinForEver');
  clock.advance(1_000);
  expect(await exited).toMatchObject({ signal: 'SIGKILL', reason: 'did not answer for 15 s' });
});

test('what one leaves behind goes with it', async () => {
  const { logger, logged, exited } = start('leaks-child.mjs');
  await logged('child ');
  const pid = Number(/child (\d+)/.exec(logger.messages().join('\n'))?.[1]);
  await exited;
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test('one that prints 20 MB and aborts costs little, and its last words are there', async () => {
  const before = process.memoryUsage.rss();
  const { logger, exited } = start('noisy.mjs');
  const record = await exited;
  expect(record).toMatchObject({ signal: 'SIGABRT', reason: 'killed by SIGABRT' });
  expect(record.output).toContain('the reason is at the end');
  expect(Buffer.byteLength(record.output)).toBeLessThanOrEqual(2_048);
  expect(logger.messages().join('').length).toBeLessThan(1_000_000);
  expect(process.memoryUsage.rss() - before).toBeLessThan(80 * 1_048_576);
});
