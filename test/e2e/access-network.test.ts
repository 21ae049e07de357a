/** Who gets in over a network, and who may command: from another host, from this one by its own address, as another user. */
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Installation } from '../helpers/installation.js';
import { launcher, RealGateway, runProcess } from '../helpers/real-gateway.js';
import { askFrom, connectTwoHosts, ELSEWHERE, type Host, whyNoHosts } from '../helpers/two-hosts.js';

const reason = whyNoHosts();

async function startOn(host: Host, gatewayConfig: object): Promise<{ url: string; loopback: string; bearer: Record<string, string> }> {
  const gateway = await RealGateway.create({}, [...host.prefix, ...launcher]);
  gateway.put('config.json', { gateway: gatewayConfig });
  const started = await gateway.xopc('gateway', 'start');
  expect(started.code, started.stderr).toBe(0);
  const token = readFileSync(join(gateway.xopcHome, 'credentials', 'token'), 'utf8').trim();
  return {
    url: `http://${host.address}:${gateway.port}`,
    loopback: `http://127.0.0.1:${gateway.port}`,
    bearer: { Authorization: `Bearer ${token}` },
  };
}

describe.skipIf(reason !== undefined)(`over a network${reason === undefined ? '' : ` (${reason})`}`, () => {
  test('nothing but health and the page works without the token, from another host and by the own address', async () => {
    const { here, elsewhere } = await connectTwoHosts();
    const { url, loopback, bearer } = await startOn(here, {});
    const asks = [
      { url: `${url}/api/models` },
      { url: `${url}/api/models`, headers: { Authorization: 'Bearer wrong' } },
      { url: `${url}/api/models`, headers: { 'X-Forwarded-For': '127.0.0.1' } },
      { url: `${url}/api/models`, headers: { Host: 'localhost' } },
      { url: `${url}/api/models`, headers: bearer },
      { url: `${url}/api/logs`, headers: bearer },
      { url: `${url}/health` },
      { url: `${url}/` },
    ];
    const expected = [401, 401, 401, 401, 200, 200, 200, 200];
    expect(await askFrom(elsewhere, asks)).toEqual(expected);
    expect(await askFrom(here, asks)).toEqual(expected);
    expect(await askFrom(here, [{ url: `${loopback}/api/models` }])).toEqual([200]);
  });

  test('a gateway bound to loopback is not there for another host', async () => {
    const { here, elsewhere } = await connectTwoHosts();
    const { url, loopback } = await startOn(here, { host: '127.0.0.1' });
    expect(await askFrom(elsewhere, [{ url: `${url}/health` }])).toEqual(['ECONNREFUSED']);
    expect(await askFrom(here, [{ url: `${loopback}/health` }])).toEqual([200]);
  });

  test('a proxy on another host is believed only where it is trusted, and allowedIps shuts others out', async () => {
    const { here, elsewhere } = await connectTwoHosts();
    const trusting = await startOn(here, { trustedProxies: [ELSEWHERE], allowedIps: ['127.0.0.1', '203.0.113.7'] });
    const from = (client: string): Record<string, string> => ({ 'X-Forwarded-For': client });
    expect(
      await askFrom(elsewhere, [
        { url: `${trusting.url}/api/models`, headers: { ...from('203.0.113.7'), ...trusting.bearer } },
        { url: `${trusting.url}/api/models`, headers: from('203.0.113.7') },
        { url: `${trusting.url}/api/models`, headers: { ...from('203.0.113.8'), ...trusting.bearer } },
        { url: `${trusting.url}/api/models`, headers: trusting.bearer },
      ]),
    ).toEqual([200, 401, 403, 403]);
  });
});

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)(`another user of this machine${isRoot ? '' : ' (only root can become one)'}`, () => {
  const STRANGER = 1999;

  test('can neither command nor read, and learns whose gateway it is', async () => {
    const gateway = await RealGateway.start();
    // Even where the directories above let everybody in.
    for (const path of [gateway.home, gateway.xopcHome, join(gateway.xopcHome, 'run')]) chmodSync(path, 0o755);
    const installation = new Installation();
    installation.openToAll();
    const asStranger = (...args: string[]) =>
      runProcess(['setpriv', `--reuid=${STRANGER}`, `--regid=${STRANGER}`, '--clear-groups', ...installation.command], args, {
        env: gateway.env,
        cwd: '/',
      }).done;
    for (const action of ['status', 'stop', 'restart']) {
      const outcome = await asStranger('gateway', action);
      expect([action, outcome.code], outcome.stderr).toEqual([action, 4]);
      expect(outcome.stderr).toMatch(/belongs to user id 0, this command runs as 1999/);
    }
    const logs = await asStranger('gateway', 'logs');
    expect([logs.code, logs.stdout]).toEqual([1, '']);
    expect(logs.stderr).toContain('another user');
    expect((await gateway.status()).restarts).toEqual({ planned: 0, crashes: 0 });
  });
});
