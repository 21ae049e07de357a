/** Ten restarts, ten kills and three successions under 400 new connections a second and 40 clients that post without pause. */
import { describe, expect, test } from 'vitest';
import { Load } from '../helpers/load.js';
import { RealGateway } from '../helpers/real-gateway.js';

const ROUNDS = 10;

function loadOn(gateway: RealGateway): Load {
  return new Load({ port: gateway.port, connectionsPerSecond: 400, keepAliveClients: 40 });
}

describe('under 400 new connections a second and 40 keep-alive clients', () => {
  test('ten restarts refuse and reset nothing', async () => {
    const gateway = await RealGateway.start();
    const load = loadOn(gateway);
    for (let round = 0; round < ROUNDS; round += 1) expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
    expect(load.stop().failures).toEqual({});
  });

  test('three successions refuse and reset nothing', async () => {
    const gateway = await RealGateway.start();
    const load = loadOn(gateway);
    for (let round = 0; round < 3; round += 1) expect((await gateway.xopc('gateway', 'restart', '--force')).code).toBe(0);
    expect(load.stop().failures).toEqual({});
    await gateway.process.done;
  });

  test('ten kills of the worker refuse nothing; only what it had accepted is reset', async () => {
    const gateway = await RealGateway.start();
    const load = loadOn(gateway);
    for (let round = 0; round < ROUNDS; round += 1) {
      const pid = gateway.workerPid();
      process.kill(pid, 'SIGKILL');
      await gateway.untilReplaced(pid);
    }
    const { failures } = load.stop();
    expect(Object.keys(failures).filter((kind) => !/ECONNRESET|EPIPE|socket hang up/.test(kind))).toEqual([]);
    expect(gateway.log().filter((entry) => entry['msg'] === 'worker active').length).toBeGreaterThan(ROUNDS);
  });
});
