import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { FailureKind, ProviderFailure } from '../../../../../daemon/worker/providers/failure.js';
import type { ResolvedModel } from '../../../../../daemon/worker/providers/registry.js';
import type { Purse } from '../../../../../daemon/worker/spending/spending.js';
import { callModel } from '../../../../../daemon/worker/turns/model/call-model.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';

const prices = { input: 1_000_000, output: 1_000_000, cacheRead: 0, cacheWrite: 0 };
const model = { ref: 'up/one', api: 'openai-completions', prices, maxTokens: 100, failing: {} } as unknown as ResolvedModel;
/** What the request alone costs. */
const INPUT = 7;

type Event = { readonly type: string; readonly text?: string; readonly failure?: ProviderFailure };

const failed = (kind: FailureKind, status: number | null = null): Event => ({
  type: 'failed',
  failure: { kind, status, detail: '', retryAfterMs: null },
});

/** @param leaves  whether the caller leaves after the last event */
async function costOf(
  events: readonly Event[],
  { leaves = false, signal = new AbortController().signal, ask = async () => {} } = {},
): Promise<unknown> {
  const settled: unknown[] = [];
  const purse: Purse = { reserve: async () => async (usd, used) => void settled.push([usd, used !== undefined]) };
  async function* open(): AsyncGenerator<Event> {
    await ask();
    yield* events;
    if (leaves) await new Promise(() => undefined);
  }
  let count = 0;
  for await (const _event of callModel(model, open, { signal, clock: new FakeClock(), purse, inputTokens: () => INPUT }))
    if ((count += 1) === events.length && leaves) break;
  expect(settled).toHaveLength(1);
  return settled[0];
}

const aborted: Event = { type: 'aborted' };
const alive: Event = { type: 'alive' };

test.each([
  ['is stopped before it is sent', [aborted], 0],
  ['is stopped while the model thinks', [alive, aborted], INPUT],
  ['is stopped after some text', [alive, { type: 'delta', text: '12345678' }, aborted], INPUT + 2],
  ['breaks while the model thinks', [alive, failed('unreachable')], INPUT],
  ['is cut', [failed('cut', 200)], INPUT],
  ['is silent', [failed('timeout')], INPUT],
  ['ends with thoughts alone', [failed('empty')], INPUT],
  ['is refused', [failed('rateLimited', 429)], 0],
  ['is moderated', [failed('filtered', 403)], 0],
  ['reaches nobody', [failed('unreachable')], 0],
] as const)('a call that %s: %j', async (_what, events, usd) => {
  expect(await costOf(events)).toEqual([usd, usd > 0]);
});

test('a call costs what it has begun when its caller leaves, and nothing when the caller has left before', async () => {
  expect(await costOf([alive], { leaves: true })).toEqual([INPUT, true]);
  expect(await costOf([{ type: 'head' }], { leaves: true })).toEqual([INPUT, true]);
  expect(await costOf([aborted], { signal: AbortSignal.abort() })).toEqual([0, false]);
});

test.each([
  ['http', INPUT],
  ['https', 0],
])('a call that is stopped before the answer costs its request if that was sent, not while it connects: %s', async (protocol, usd) => {
  const stop = new AbortController();
  // It answers nothing, so a secure connection is never made.
  const server = createServer((socket) => socket.once('data', () => stop.abort()));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { signal } = stop;
  const ask = () =>
    fetch(`${protocol}://127.0.0.1:${port}`, { method: 'POST', body: 'x', signal }).then(
      () => undefined,
      () => undefined,
    );
  expect(await costOf([aborted], { signal, ask })).toEqual([usd, usd > 0]);
});
