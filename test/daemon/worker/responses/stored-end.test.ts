/** The end of a response whose caller waits for it, while the database is unavailable. */
import { expect, test } from 'vitest';
import { Responses, type ResponsesOptions } from '../../../../daemon/worker/responses/responses.js';
import { newResponse } from '../../../../daemon/worker/responses/new-response.js';
import { GatewayError } from '../../../../shared/errors.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

const document = newResponse({ model: 'main', input: 'x' }, { id: 'resp_1', created_at: 1, status: 'completed' });
const away = new GatewayError('UNAVAILABLE', { message: 'the database is away' });

/** Ends a response, and lets a minute pass. @returns how it ended for its caller, and how often its end was written by then and later */
async function end(write: () => Promise<void>, closing = new AbortController()): Promise<{ error: unknown; writes: number[] }> {
  const clock = new FakeClock();
  let count = 0;
  const counted = (): Promise<void> => {
    count += 1;
    return write();
  };
  const options = { store: { write: counted }, clock, instanceId: 'wk_1', background: { closing: closing.signal } };
  const error = await new Responses(options as unknown as ResponsesOptions).end(document).catch((thrown: unknown) => thrown);
  const before = count;
  for (let second = 0; second < 60; second += 1) {
    clock.advance(1_000);
    await new Promise(setImmediate);
  }
  return { error, writes: [before, count] };
}

test('it is stored once the database answers again, within half a minute, while its caller is told of the failure', async () => {
  let failures = 2;
  const recovering = (): Promise<void> => (failures-- > 0 ? Promise.reject(away) : Promise.resolve());
  expect(await end(recovering)).toEqual({ error: away, writes: [1, 3] });
  expect(await end(() => Promise.reject(away))).toEqual({ error: away, writes: [1, 15] });
});

test('it is not tried again after another error, or once the worker ends', async () => {
  const fault = new Error('a fault of the gateway');
  expect(await end(() => Promise.reject(fault))).toEqual({ error: fault, writes: [1, 1] });
  const closing = new AbortController();
  const closed = (): Promise<void> => {
    closing.abort();
    return Promise.reject(away);
  };
  expect(await end(closed, closing)).toEqual({ error: away, writes: [1, 1] });
});
