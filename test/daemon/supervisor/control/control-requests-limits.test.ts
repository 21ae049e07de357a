/** Restarts that take longer than a client waits for them. */
import { expect, test } from 'vitest';
import { type ControlContext, createControlHandler, restartUnasked } from '../../../../daemon/supervisor/control/control-requests.js';
import { deferred } from '../../../../daemon/supervisor/state/deferred.js';
import { WAIT_LIMIT_MS } from '../../../../daemon/supervisor/control/wait-limit.js';
import type { RestartResult, StopResult } from '../../../../shared/control/messages.js';
import { GatewayError } from '../../../../shared/errors.js';
import { controlled as gateway, type Facts, RESULT } from '../../../helpers/control-context.js';
import { recordingLogger } from '../../../helpers/recording-logger.js';

const quiet = (): void => undefined;
const continues = { code: 'STILL_STARTING' };
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const ask = (context: ControlContext, fields: { force?: boolean } = {}): Promise<unknown> =>
  createControlHandler(context)({ v: 1, id: '1', type: 'restart', ...fields }, quiet);

/** A gateway whose restart in place ends when the test says so. */
function slow(facts: Facts & { isRestarting?: boolean } = {}) {
  const inPlace = deferred<RestartResult>();
  const { context, called, clock } = gateway(facts);
  const requestRestart = (): Promise<RestartResult> => (called.push('restart'), inPlace.promise);
  const { desired = 'up', isRestarting = false } = facts;
  const supervisor = { desired, isRestarting, requestRestart, requestStop: context.supervisor.requestStop };
  return { context: { ...context, supervisor }, called, clock, inPlace };
}

test('the client is told after 30 s that a restart continues which waits for a predecessor', async () => {
  const { context, clock } = gateway({ arriving: new Promise<void>(() => undefined) });
  const outcome = ask(context);
  clock.advance(WAIT_LIMIT_MS);
  await expect(outcome).rejects.toMatchObject(continues);
});

test('or a restart in place', async () => {
  const { context, clock } = slow();
  const outcome = ask(context);
  clock.advance(WAIT_LIMIT_MS);
  await expect(outcome).rejects.toMatchObject(continues);
});

/** A service whose client has been told that its restart with a newer supervisor continues. */
async function continuing() {
  const service = slow({ serviceMarker: 'systemd' });
  const outcome = ask(service.context, { force: true });
  await expect.poll(() => service.called).toEqual(['rehearsal', 'restart']);
  service.clock.advance(WAIT_LIMIT_MS);
  await expect(outcome).rejects.toMatchObject(continues);
  return service;
}

test('a service then exits nevertheless for its manager once the new worker has started', async () => {
  const { called, inPlace } = await continuing();
  expect(called).toHaveLength(2);
  inPlace.resolve(RESULT);
  await expect.poll(() => called).toEqual(['rehearsal', 'restart', 'serviceRestart 5000']);
});

test('and stays where the new worker does not start', async () => {
  const { called, inPlace } = await continuing();
  inPlace.reject(new GatewayError('WORKER_NOT_READY', { message: 'no' }));
  await settled();
  expect(called).toEqual(['rehearsal', 'restart']);
});

test('the drain of a service is not limited: its client waits for the gateway that follows', async () => {
  const { context, clock, inPlace } = slow({ serviceMarker: 'systemd' });
  const drained = deferred<StopResult>();
  const supervisor = {
    ...context.supervisor,
    requestStop: (): Promise<StopResult> => {
      supervisor.desired = 'down';
      return drained.promise;
    },
  };
  const outcome = ask({ ...context, supervisor }, { force: true });
  inPlace.resolve(RESULT);
  await expect.poll(() => supervisor.desired).toBe('down');
  clock.advance(WAIT_LIMIT_MS);
  drained.resolve({ stopped: true, pid: 1, cut: { requests: 0, streams: 0, sockets: 0 }, durationMs: 40_000 });
  await expect(outcome).resolves.toMatchObject({ succession: 'service-manager', durationMs: 40_000 });
});

test('the limit also covers the wait for a restart in place, and the one that replaces the supervisor', async () => {
  const { context, called, clock } = slow({ isRestarting: true, isNewerInstalled: true });
  const outcome = ask(context);
  clock.advance(WAIT_LIMIT_MS);
  await expect(outcome).rejects.toMatchObject(continues);
  expect(called).toEqual(['restart']);
});

test('a restart that nobody waits for has no limit: only its own failure is logged', async () => {
  const { context, clock, inPlace } = slow();
  const { log, messages } = recordingLogger();
  restartUnasked(context, { reason: 'SIGUSR1', log });
  clock.advance(WAIT_LIMIT_MS);
  await settled();
  expect(messages()).toEqual(['restarting']);
  inPlace.reject(new GatewayError('WORKER_NOT_READY', { message: 'no' }));
  await expect.poll(messages).toEqual(['restarting', 'the restart failed']);
});
