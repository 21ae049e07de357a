import { expect, test } from 'vitest';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

interface History {
  readonly knownSince: string | null;
  readonly buckets: readonly { state: string; starts: number; requests: number; downMinutes: number }[];
}

async function historyOf(gateway: RealGateway): Promise<History> {
  const response = await fetch(`${gateway.url}/api/overview/history?hours=1&stepMinutes=5`);
  expect(response.status).toBe(200);
  return (await response.json()) as History;
}

const sum = ({ buckets }: History, name: 'starts' | 'requests' | 'downMinutes'): number =>
  buckets.reduce((total, bucket) => total + bucket[name], 0);

test('what is known of the last hours survives restarts, kills and stops', { tags: ['long'] }, async () => {
  const gateway = await RealGateway.start();
  const begun = async (count: number): Promise<boolean> => sum(await historyOf(gateway), 'starts') === count;
  await until('the first start', () => begun(1));
  const first = await historyOf(gateway);
  expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
  await until('the restart', () => begun(2));
  // What the worker before had counted was stored when it left.
  await until('its requests', async () => sum(await historyOf(gateway), 'requests') > 0);
  process.kill(gateway.workerPid(), 'SIGKILL');
  await until('the start after the kill', () => begun(3).catch(() => false));
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  await gateway.run();
  await until('the start after the stop', () => begun(4));
  const last = await historyOf(gateway);
  expect(last.knownSince).toBe(first.knownSince);
  expect(last.buckets.map(({ state }) => state).filter((state) => state !== 'unknown' && state !== 'up')).toEqual([]);
  expect(sum(last, 'downMinutes')).toBe(0);
  const { health } = (await (await fetch(`${gateway.url}/api/status`)).json()) as StatusDocument;
  expect(health).toMatchObject({ state: 'degraded', issues: [{ id: 'crashes' }], last24Hours: { crashes: 1, restarts: 1 } });
  expect((await gateway.xopc('gateway', 'status')).stdout).toContain('The gateway crashed once in the last hour.');
});
