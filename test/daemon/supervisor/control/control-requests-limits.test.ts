/** Restarts that take longer than a client waits for them. */
import { expect, test } from 'vitest';
import { restart } from '../../../../daemon/supervisor/control/control-requests.js';
import { deferred } from '../../../../daemon/supervisor/state/deferred.js';
import { WAIT_LIMIT_MS } from '../../../../daemon/supervisor/state/restart-ticket.js';
import type { RestartResult } from '../../../../shared/control/messages.js';
import { GatewayError } from '../../../../shared/errors.js';
import { controlled as gateway, type Facts, RESULT } from '../../../helpers/control-context.js';

const quiet = (): void => undefined;
const continues = { code: 'STILL_STARTING' };

/** A gateway whose restart in place ends when the test says so. */
function slow(facts: Facts = {}) {
  const inPlace = deferred<RestartResult>();
  const { context, called, clock } = gateway(facts);
  const requestRestart = (): Promise<RestartResult> => (called.push('restart'), inPlace.promise);
  const supervisor = { desired: 'up', isRestarting: false, requestRestart, requestStop: context.supervisor.requestStop } as const;
  return { context: { ...context, supervisor }, called, clock, inPlace };
}

test('the client is told after 30 s that a restart continues which waits for a predecessor', async () => {
  const { context, clock } = gateway({ arriving: new Promise<void>(() => undefined) });
  const outcome = restart(context, {}, quiet);
  clock.advance(WAIT_LIMIT_MS);
  await expect(outcome).rejects.toMatchObject(continues);
});

test('or a restart in place', async () => {
  const { context, clock } = slow();
  const outcome = restart(context, {}, quiet);
  clock.advance(WAIT_LIMIT_MS);
  await expect(outcome).rejects.toMatchObject(continues);
});

test('a service then exits nevertheless for its manager once the new worker has started', async () => {
  const { context, called, clock, inPlace } = slow({ serviceMarker: 'systemd' });
  const outcome = restart(context, { force: true }, quiet);
  await expect.poll(() => called).toEqual(['rehearsal', 'restart']);
  clock.advance(WAIT_LIMIT_MS);
  await expect(outcome).rejects.toMatchObject(continues);
  expect(called).toHaveLength(2);
  inPlace.resolve(RESULT);
  await expect.poll(() => called).toEqual(['rehearsal', 'restart', 'serviceRestart 5000']);
});

test('and stays where the new worker does not start', async () => {
  const { context, called, clock, inPlace } = slow({ serviceMarker: 'systemd' });
  const outcome = restart(context, { force: true }, quiet);
  await expect.poll(() => called).toEqual(['rehearsal', 'restart']);
  clock.advance(WAIT_LIMIT_MS);
  await expect(outcome).rejects.toMatchObject(continues);
  inPlace.reject(new GatewayError('WORKER_NOT_READY', { message: 'no' }));
  await new Promise((resolve) => setImmediate(resolve));
  expect(called).toEqual(['rehearsal', 'restart']);
});
