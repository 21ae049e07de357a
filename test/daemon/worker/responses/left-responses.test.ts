/** Responses in the background of which only another gateway has the agent. */
import { expect, onTestFinished, test } from 'vitest';
import { BackgroundResponses } from '../../../../daemon/worker/responses/background-responses.js';
import { newResponse } from '../../../../daemon/worker/responses/new-response.js';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';
import { insertResponse } from '../../../../daemon/worker/store/responses/responses.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { GatewayError } from '../../../../shared/errors.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { openStore } from '../../../helpers/open-store.js';
import { testConfig } from '../../../helpers/test-config.js';

const HEARING_LOOK_MS = 2_000;

test('they do not hide others, and are looked at again without haste, whether they are left being asked once', async () => {
  const store = await openStore();
  const common = { owner: null, input: [], previousId: null, conversationId: null, instanceId: null };
  await store.write(async (tx) => {
    for (let index = 0; index <= 501; index += 1) {
      const request = { model: index === 501 ? 'main' : 'writer', input: 'x' };
      const document = newResponse(request, { id: `resp_${String(index).padStart(3, '0')}`, created_at: 1, status: 'queued' });
      await insertResponse(tx, { ...common, request, document, nowMs: 1 });
    }
  });
  const asked: unknown[] = [];
  let reads = 0;
  const counted: Pick<Store, 'read' | 'write'> = {
    read: (action) => {
      reads += 1;
      return store.read(action);
    },
    write: (action) => store.write(action),
  };
  const clock = new FakeClock();
  const delays: number[] = [];
  const written: string[] = [];
  const background = new BackgroundResponses({
    store: counted,
    clock: {
      now: () => clock.now(),
      after(delayMs, callback) {
        delays.push(delayMs);
        return clock.after(delayMs, callback);
      },
    },
    logger: logMemory(),
    instanceId: 'wk_1',
    liveness: {
      ...createLiveness('wk_1', () => ['wk_1']),
      isServedElsewhere: async (_tx, needs) => asked.push(needs) > 0,
      lookAgainMs: () => HEARING_LOOK_MS,
    },
    completions: {
      async *run({ model }) {
        written.push(model);
        yield { type: 'error', error: new GatewayError('UNAVAILABLE', { message: 'no answer' }) };
      },
    },
    config: () => testConfig(),
  });
  onTestFinished(() => background.stop());
  await background.start();
  await background.drain(1_000);
  expect(written).toEqual(['main']);
  await background.look();
  [asked.length, reads] = [0, 0];
  await background.look();
  // Two batches and one decision.
  expect([reads, asked]).toEqual([3, [['agent:writer']]]);
  expect(delays.at(-1)).toBe(HEARING_LOOK_MS);
});
