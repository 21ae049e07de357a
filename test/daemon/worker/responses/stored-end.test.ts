/** The end of a response whose caller waits for it, while the database is unavailable. */
import { expect, test } from 'vitest';
import { Responses, type ResponsesOptions } from '../../../../daemon/worker/responses/responses.js';
import { newResponse } from '../../../../daemon/worker/responses/new-response.js';
import { GatewayError } from '../../../../shared/errors.js';
import { advanceUntil } from '../../../helpers/advance-until.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

const document = newResponse({ model: 'main', input: 'x' }, { id: 'resp_1', created_at: 1, status: 'completed' });

/** Ends a response. @returns how often that was written, and how it ended */
async function end(write: () => Promise<void>): Promise<{ writes: number; error: unknown }> {
  const clock = new FakeClock();
  let [writes, isOver] = [0, false];
  const counted = (): Promise<void> => {
    writes += 1;
    return write();
  };
  const responses = new Responses({ store: { write: counted }, clock, instanceId: 'wk_1' } as unknown as ResponsesOptions);
  const ended = responses
    .end(document)
    .then(
      () => undefined,
      (error: unknown) => error,
    )
    .finally(() => (isOver = true));
  await advanceUntil(clock, () => isOver);
  return { writes, error: await ended };
}

test('it is stored once the database answers again, within half a minute; another error is not tried again', async () => {
  const away = new GatewayError('UNAVAILABLE', { message: 'the database is away' });
  const answers = [Promise.reject(away), Promise.reject(away), Promise.resolve()];
  for (const answer of answers) answer.catch(() => undefined);
  expect(await end(() => answers.shift() ?? Promise.resolve())).toEqual({ writes: 3, error: undefined });
  expect(await end(() => Promise.reject(away))).toEqual({ writes: 16, error: away });
  const fault = new Error('a fault of the gateway');
  expect(await end(() => Promise.reject(fault))).toEqual({ writes: 1, error: fault });
});
