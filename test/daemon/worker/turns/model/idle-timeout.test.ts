import { expect, test } from 'vitest';
import { withIdleTimeout } from '../../../../../daemon/worker/turns/model/idle-timeout.js';
import type { ProviderEvent } from '../../../../../daemon/worker/providers/provider.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';

/** Says each text when it is told to, then is silent until its signal. */
function scripted() {
  const steps: (() => void)[] = [];
  return {
    say: () => steps.shift()?.(),
    async *stream(signal: AbortSignal): AsyncGenerator<ProviderEvent> {
      for (const text of ['a', 'b']) {
        await new Promise<void>((resolve) => steps.push(resolve));
        yield { type: 'delta', text };
      }
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      yield { type: 'aborted' };
    },
  };
}

function run(signal = new AbortController().signal) {
  const clock = new FakeClock();
  const provider = scripted();
  const events = withIdleTimeout((inner) => provider.stream(inner), { signal, idleMs: 1_000, clock });
  return { clock, provider, events };
}

test('a silent stream ends with a timeout, an active one does not', async () => {
  const { clock, provider, events } = run();
  for (const text of ['a', 'b']) {
    const next = events.next();
    clock.advance(999);
    provider.say();
    expect((await next).value).toEqual({ type: 'delta', text });
  }
  const last = events.next();
  await Promise.resolve();
  clock.advance(1_000);
  expect((await last).value).toEqual({ type: 'failed', failure: { kind: 'timeout', status: null, detail: '', retryAfterMs: null } });
  expect((await events.next()).done).toBe(true);
});

test("the caller's abort is an abort", async () => {
  const abort = new AbortController();
  const { provider, events } = run(abort.signal);
  const first = events.next();
  provider.say();
  await first;
  const second = events.next();
  provider.say();
  await second;
  const last = events.next();
  abort.abort();
  expect((await last).value).toEqual({ type: 'aborted' });
});

test('the time that the reader takes does not count', async () => {
  const { clock, provider, events } = run();
  const first = events.next();
  provider.say();
  await first;
  clock.advance(60_000);
  const second = events.next();
  provider.say();
  expect((await second).value).toEqual({ type: 'delta', text: 'b' });
});
