import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { WriterAnswer } from '../../../../daemon/worker/store/writer-messages.js';
import { type ThreadWrite, WriterThread } from '../../../../daemon/worker/store/writer-thread.js';

const IDLE_MS = 30_000;
const write: ThreadWrite = { text: { names: [], statements: [] }, values: [] };

/** A thread that answers when it is told to, and the messages that it got. */
function setUp() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const sent: string[] = [];
  const worker = Object.assign(new EventEmitter(), { unref: () => undefined, postMessage: (message: string) => void sent.push(message) });
  const says = (answer: WriterAnswer): boolean => worker.emit('message', answer);
  const onFault = vi.fn();
  const data = { path: '', busyTimeoutMs: 0, checkpointPages: 0 };
  const thread = new WriterThread({ data, start: () => worker as unknown as Worker, onFault });
  thread.wake();
  says({ type: 'ready' });
  const closes = (): number => sent.filter((message) => message === 'close').length;
  return { thread, says, closes };
}

test('a thread that has work again and again stays, also after batches that shared an answer; without any it leaves, once', async () => {
  const { thread, says, closes } = setUp();
  const both = [thread.commit([write]), thread.commit([write])];
  says({ type: 'committed', batches: 2 });
  expect(await Promise.all(both)).toEqual([true, true]);
  vi.advanceTimersByTime(IDLE_MS - 1);
  const third = thread.commit([write]);
  // While it writes no time of rest passes, however long that takes.
  vi.advanceTimersByTime(10 * IDLE_MS);
  expect(closes()).toBe(0);
  says({ type: 'committed', batches: 1 });
  expect(await third).toBe(true);
  vi.advanceTimersByTime(IDLE_MS - 1);
  expect(closes()).toBe(0);
  vi.advanceTimersByTime(1);
  expect(closes()).toBe(1);
  expect(await thread.commit([write])).toBe(false);
});
