/** What is asked of a successor while its predecessor still finishes its work. Through the real binary. */
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { processesOf } from '../helpers/home-processes.js';
import { isAlive, type Outcome, RealGateway, until } from '../helpers/real-gateway.js';

/** Longer than what is asked of it takes, on a slow machine too; `short` where the drain is waited for. */
const DRAIN_MS = { long: 20_000, short: 2_000 } as const;

/** Supervisors and workers of this home, those that a lock does not name too. */
const servingFor = ({ home }: RealGateway): string[] =>
  processesOf(home)
    .filter(({ role }) => role === '@supervisor' || role === '@worker')
    .map(({ role, pid }) => `${role} ${pid}`);

/** A gateway whose worker takes all of its drain time, handed over to a successor that waits for it. */
async function slowSuccession(
  drainMs: number,
): Promise<{ gateway: RealGateway; predecessor: number; successor: number; restarted: Promise<Outcome> }> {
  const gateway = await RealGateway.create();
  onTestFinished(() => {
    for (const line of servingFor(gateway)) process.kill(Number(line.split(' ')[1]), 'SIGKILL');
  });
  expect((await gateway.xopc('gateway', 'start')).code).toBe(0);
  const predecessor = gateway.lock().pid;
  process.kill(gateway.workerPid(), 'SIGSTOP');
  const restarted = gateway.xopc('gateway', 'restart', '--force', '--timeout', String(drainMs));
  const successor = await until('the hand-over', () => gateway.lock().pid !== predecessor && gateway.lock().pid);
  return { gateway, predecessor, successor, restarted };
}

test('a stop ends both: what it calls stopped stays stopped', async () => {
  const { gateway, predecessor, successor, restarted } = await slowSuccession(DRAIN_MS.long);
  const stopped = await gateway.xopc('gateway', 'stop', '--timeout', '1000');
  expect(stopped).toMatchObject({ code: 0, stdout: expect.stringContaining(`Gateway stopped (pid ${successor})`) });
  expect([predecessor, successor].filter(isAlive)).toEqual([]);
  expect(servingFor(gateway)).toEqual([]);
  expect(await restarted).toMatchObject({ code: 1, stderr: expect.stringContaining('the gateway is stopping') });
});

test('a forced stop of a successor that hangs ends its predecessor, which takes over again, too', async () => {
  const { gateway, predecessor, successor, restarted } = await slowSuccession(DRAIN_MS.long);
  await until('the successor to answer', () =>
    gateway.status().then(
      ({ pid }) => pid === successor,
      () => false,
    ),
  );
  process.kill(successor, 'SIGSTOP');
  const stopped = await gateway.xopc('gateway', 'stop', '--force');
  expect(stopped.code, stopped.stderr).toBe(0);
  expect([predecessor, successor].filter(isAlive)).toEqual([]);
  expect(servingFor(gateway)).toEqual([]);
  expect(readdirSync(join(gateway.xopcHome, 'locks'))).toEqual([]);
  expect((await restarted).code).not.toBe(0);
});

test('SIGTERM to the successor ends both too', { tags: ['long'] }, async () => {
  const { gateway, predecessor, successor } = await slowSuccession(DRAIN_MS.long);
  process.kill(successor, 'SIGTERM');
  await until('both to end', () => ![predecessor, successor].some(isAlive));
  expect(servingFor(gateway)).toEqual([]);
  expect(readdirSync(join(gateway.xopcHome, 'locks'))).toEqual([]);
});

test('another takeover waits for its turn, and one gateway is left', async () => {
  const { gateway, predecessor, successor, restarted } = await slowSuccession(DRAIN_MS.short);
  expect(isAlive(predecessor)).toBe(true);
  const again = await gateway.xopc('gateway', 'restart', '--force');
  expect(again).toMatchObject({ code: 0 });
  expect(await restarted).toMatchObject({ code: 0 });
  await until('the earlier ones to leave', () => ![predecessor, successor].some(isAlive));
  const { pid, worker } = await gateway.status();
  expect(servingFor(gateway).toSorted()).toEqual([`@supervisor ${pid}`, `@worker ${worker?.pid}`]);
});

/** A gateway that has just taken over from one with a request to finish. */
async function afterTakeover(config: object = {}): Promise<{ gateway: RealGateway; predecessor: number }> {
  const gateway = await RealGateway.create();
  onTestFinished(() => {
    for (const line of servingFor(gateway)) process.kill(Number(line.split(' ')[1]), 'SIGKILL');
  });
  gateway.put('config.json', config);
  await gateway.xopc('gateway', 'start');
  const predecessor = gateway.lock().pid;
  const half = connect(gateway.port, '127.0.0.1');
  onTestFinished(() => void half.destroy());
  half
    .on('error', () => undefined)
    .write('POST /api/agent HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{');
  await until('the half request', async () => ((await gateway.status()).worker?.inFlight ?? 0) > 0);
  expect((await gateway.xopc('gateway', 'restart', '--force')).code).toBe(0);
  expect(isAlive(predecessor)).toBe(true);
  return { gateway, predecessor };
}

test('a stop right after a takeover leaves the port free, though the predecessor has a request to finish', async () => {
  const { gateway, predecessor } = await afterTakeover();
  expect((await gateway.xopc('gateway', 'stop', '--timeout', '500')).code).toBe(0);
  expect(isAlive(predecessor)).toBe(false);
  expect((await gateway.xopc('gateway', 'start')).code).toBe(0);
});

test('a stop that waits for the predecessor is shortened by a further one', async () => {
  const { gateway, predecessor } = await afterTakeover({ gateway: { drainTimeoutMs: 600_000 } });
  const stopped = gateway.xopc('gateway', 'stop');
  await until('the stop', async () => (await gateway.status()).desired === 'down');
  expect((await gateway.xopc('gateway', 'stop', '--timeout', '0')).code).toBe(0);
  expect((await stopped).code).toBe(0);
  expect(isAlive(predecessor)).toBe(false);
});
