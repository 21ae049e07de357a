import { expect, test } from 'vitest';
import { PulledEvents } from '../../../../../daemon/worker/http/connection/pulled-events.js';
import { collectMessage, streamMessage } from '../../../../../daemon/worker/http/anthropic/answer.js';
import type { CompletionOutput } from '../../../../../daemon/worker/models/completion-call.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';

const head = { id: 'msg_1', model: 'm', thinking: 'none' as const };
const PING = 'event: ping\ndata: {"type":"ping"}\n\n';

test('a silent stream is kept alive by a ping every 15 s', async () => {
  const clock = new FakeClock();
  const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) };
  const events = new PulledEvents<CompletionOutput>(silent, new AbortController().signal, clock);
  const stream = streamMessage(events, { head, requestId: 'req_1', onError: () => undefined });
  expect((await stream.next()).value).toContain('message_start');
  expect((await stream.next()).value).toBe(PING);
  for (const _ of [1, 2]) {
    const next = stream.next();
    clock.advance(15_000);
    expect((await next).value).toBe(PING);
  }
});

async function* play(outputs: readonly CompletionOutput[]): AsyncGenerator<CompletionOutput> {
  yield* outputs;
}

test.each([
  ['not JSON', '{"a":'],
  ['nested too deep', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
])('arguments that are %s are told as they are', async (_what, text) => {
  const usage = { inputTokens: null, outputTokens: null, cacheReadTokens: null, cacheWriteTokens: null, reasoningTokens: null };
  const outputs: CompletionOutput[] = [
    { type: 'toolStart', index: 0, id: 't1', name: 'look' },
    { type: 'toolArguments', index: 0, text },
    { type: 'finish', reason: 'tool_calls', usage },
  ];
  const events = new PulledEvents(play(outputs), new AbortController().signal, new FakeClock());
  expect(JSON.parse(await collectMessage(events, head))).toMatchObject({
    content: [{ type: 'tool_use', id: 't1', input: { INVALID_JSON: text } }],
    stop_reason: 'tool_use',
    usage: { input_tokens: 0, output_tokens: 0 },
  });
});

test('words between two pieces of a call follow it', async () => {
  const usage = { inputTokens: null, outputTokens: null, cacheReadTokens: null, cacheWriteTokens: null, reasoningTokens: null };
  const outputs: CompletionOutput[] = [
    { type: 'toolStart', index: 0, id: 't1', name: 'look' },
    { type: 'toolArguments', index: 0, text: '{"x":' },
    { type: 'text', text: 'Looking.' },
    { type: 'toolArguments', index: 0, text: '1}' },
    { type: 'finish', reason: 'tool_calls', usage },
  ];
  const events = new PulledEvents(play(outputs), new AbortController().signal, new FakeClock());
  expect(JSON.parse(await collectMessage(events, head))).toMatchObject({
    content: [
      { type: 'tool_use', id: 't1', input: { x: 1 } },
      { type: 'text', text: 'Looking.' },
    ],
  });
});
