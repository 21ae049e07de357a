import { expect, test } from 'vitest';
import { WAIT_LIMIT_MS, withinLimit } from '../../../../daemon/supervisor/control/wait-limit.js';
import { RestartTicket } from '../../../../daemon/supervisor/state/restart-ticket.js';
import { GatewayError } from '../../../../shared/errors.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

const OUTCOME = { instanceId: 'wk_2', workerPid: 22, pid: 1, succession: 'none' } as const;
const quiet = (): void => undefined;

function ticket(timeoutMs?: number): { clock: FakeClock; ticket: RestartTicket } {
  const clock = new FakeClock();
  return { clock, ticket: new RestartTicket({ clock, timeoutMs }) };
}

test('everybody who joined learns the instance that the restart ended on, and how long it took from the first wish', async () => {
  const context = ticket();
  const first = context.ticket.join(quiet);
  context.clock.advance(300);
  const second = context.ticket.join(quiet);
  context.clock.advance(200);
  context.ticket.complete(OUTCOME);
  await expect(first).resolves.toEqual({ ...OUTCOME, durationMs: 500 });
  await expect(second).resolves.toEqual({ ...OUTCOME, durationMs: 500 });
});

test('everybody who joined learns why it failed', async () => {
  const context = ticket();
  const waiting = [context.ticket.join(quiet), context.ticket.join(quiet)];
  const error = new GatewayError('CONFIG_INVALID', { message: 'gateway.port must be a number' });
  context.ticket.fail(error);
  for (const outcome of waiting) await expect(outcome).rejects.toBe(error);
});

test('whoever has waited 30 s is told that it still starts; the others go on waiting', async () => {
  const context = ticket();
  const early = withinLimit(context.clock, context.ticket.join(quiet));
  context.clock.advance(1_000);
  const late = withinLimit(context.clock, context.ticket.join(quiet));
  const ours = context.ticket.join(quiet);
  context.clock.advance(WAIT_LIMIT_MS - 1_000);
  await expect(early).rejects.toMatchObject({ code: 'STILL_STARTING', message: expect.stringContaining('30 s') as string });
  context.ticket.complete(OUTCOME);
  await expect(late).resolves.toMatchObject({ instanceId: 'wk_2' });
  await expect(ours).resolves.toMatchObject({ instanceId: 'wk_2', durationMs: WAIT_LIMIT_MS });
});

test('a client within the limit learns why it failed', async () => {
  const context = ticket();
  const waiting = withinLimit(context.clock, context.ticket.join(quiet));
  const error = new GatewayError('STOPPING', { message: 'the gateway is stopping' });
  context.ticket.fail(error);
  await expect(waiting).rejects.toBe(error);
});

test('progress reaches those who wait, and nobody once it is over', () => {
  const context = ticket();
  const said: string[] = [];
  context.ticket.join((message) => said.push(message)).catch(quiet);
  context.ticket.progress('a new worker starts');
  context.ticket.fail(new GatewayError('STOPPING', { message: 'the gateway is stopping' }));
  context.ticket.progress('too late');
  expect(said).toEqual(['a new worker starts']);
});

test('a deadline for the old worker is kept as it was asked for', () => {
  expect(ticket(250).ticket.timeoutMs).toBe(250);
  expect(ticket().ticket.timeoutMs).toBeUndefined();
});
