import { expect, onTestFinished, test, vi } from 'vitest';
import { settle } from '../../helpers/run-hook.js';

interface StreamedEvent {
  readonly name: string;
  readonly data: unknown;
}
/** Imported by a value: its types are those of a browser. */
const path = '../../../webui/src/api/event-stream.js';
const { readEventStream } = (await import(path)) as { readEventStream(response: Response): AsyncGenerator<StreamedEvent> };

test('a stream ends when nothing, not even a comment, has come for a while', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const onCancel = vi.fn<() => void>();
  let send: (text: string) => void = () => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      send = (text) => controller.enqueue(new TextEncoder().encode(text));
    },
    cancel: onCancel,
  });
  const events: StreamedEvent[] = [];
  const end = (async () => {
    for await (const event of readEventStream(new Response(body))) events.push(event);
  })();
  for (const text of ['event: lines\ndata: 1\n\n', ': heartbeat\n\n', ': heartbeat\n\n']) {
    send(text);
    await settle();
    vi.advanceTimersByTime(30_000);
    await settle();
  }
  expect(onCancel).not.toHaveBeenCalled();
  vi.advanceTimersByTime(30_000);
  await end;
  expect(events).toEqual([{ name: 'lines', data: 1 }]);
  expect(onCancel).toHaveBeenCalledTimes(1);
});

test('an event may be cut anywhere, also within a line end, and arrive with a comment', async () => {
  const chunks = ['event: lines\r', '\ndata: {"a":', '1}\r\n\r', '\n: heartbeat\r\n\r\nevent: lines\nda', 'ta: 2\n', '\n'];
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
  const events: StreamedEvent[] = [];
  for await (const event of readEventStream(new Response(body))) events.push(event);
  expect(events).toEqual([
    { name: 'lines', data: { a: 1 } },
    { name: 'lines', data: 2 },
  ]);
});
