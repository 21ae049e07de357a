import { describe, expect, test } from 'vitest';
import { type GatewayParts, GatewayStatus, urlsOf } from '../../../../daemon/supervisor/control/gateway-status.js';
import type { StatusDocument } from '../../../../shared/api/gateway/status.js';
import { resolvePaths } from '../../../../shared/node/process/paths.js';
import { readyMessage, vitals } from '../../../helpers/fake-child.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { activeWorker, fakeWorker } from '../../../helpers/fake-worker.js';

const START = Date.UTC(2026, 2, 1, 12, 0, 0);
const BUILD = { version: '1.2.3', buildId: 'aaaa' };
const LAST_DAY = { since: '2026-02-28T12:00:00.000Z', crashes: 0, restarts: 0, downMs: 0 };

const BARE: GatewayParts = {
  instanceId: 'gw_1',
  startedAtMs: START,
  clock: new FakeClock(START + 61_000),
  foundation: {
    paths: resolvePaths({ home: '/home/me/.xopc', runtimeDir: '/run' }),
    build: BUILD,
    config: {
      settings: {
        host: '0.0.0.0',
        port: 18_790,
        drainTimeoutMs: 5_000,
        logs: { level: 'info', maxBytes: 1, files: 1 },
        sources: { host: 'default', port: 'file' },
      },
      warnings: [],
    },
  },
  resources: { openSocket: undefined },
  respawn: { crashes: 1, lastExit: null, nextAttemptAtMs: undefined },
  supervisor: {
    state: 'running',
    desired: 'up',
    isReady: true,
    plannedRestarts: 2,
    slots: { active: undefined, retiring: [] },
    fallback: { isRunning: false },
  },
  changes: { auth: { enabled: false, tokenHint: null }, warnings: [] },
  life: { summary: () => ({ last24Hours: LAST_DAY, crashesLastHour: 0 }) },
  serviceMarker: null,
  noRespawn: false,
  installedBuild: () => BUILD,
};

const documentOf = (changes: Partial<GatewayParts> = {}): StatusDocument => new GatewayStatus({ ...BARE, ...changes }).document();

/** Of a gateway with these workers. */
const withWorkers = (slots: Partial<GatewayParts['supervisor']['slots']>): StatusDocument =>
  documentOf({ supervisor: { ...BARE.supervisor, slots: { ...BARE.supervisor.slots, ...slots } } });

test('the document says who runs, since when, where, and where the values in force come from', () => {
  expect(documentOf()).toMatchObject({
    state: 'running',
    desired: 'up',
    ready: true,
    pid: process.pid,
    instanceId: 'gw_1',
    version: '1.2.3',
    startedAt: '2026-03-01T12:00:00.000Z',
    uptimeMs: 61_000,
    urls: ['http://localhost:18790'],
    home: '/home/me/.xopc',
    configPath: '/home/me/.xopc/config.json',
    logPath: '/home/me/.xopc/logs/gateway.log',
    sources: { host: 'default', port: 'file' },
    worker: null,
    draining: [],
    restarts: { planned: 2, crashes: 1 },
    lastExit: null,
    nextAttemptAt: null,
    warnings: [],
    health: { state: 'healthy', since: '2026-03-01T12:01:01.000Z', issues: [], last24Hours: LAST_DAY },
  });
});

test('it fits into one control frame and survives the wire', () => {
  const status = documentOf();
  expect(JSON.parse(JSON.stringify(status))).toEqual(status);
});

describe('the worker', () => {
  test('is shown with its last heartbeat', () => {
    const { worker, child } = activeWorker({ clock: new FakeClock(START) });
    child.says({ type: 'heartbeat', vitals: vitals() });
    expect(withWorkers({ active: worker }).worker).toEqual({
      pid: worker.pid,
      instanceId: 'wk_1',
      version: '1.2.3',
      startedAt: '2026-03-01T12:00:00.000Z',
      rssBytes: 50_000_000,
      connections: 3,
      inFlight: 2,
      channels: { telegram: { state: 'running' } },
    });
  });

  test('has unknown metrics, not zero, before its first heartbeat', () => {
    const { worker } = activeWorker();
    expect(withWorkers({ active: worker }).worker).toMatchObject({ rssBytes: null, connections: null, inFlight: null, channels: {} });
  });

  test('that drains is shown since when it drains, not since when it lives', () => {
    const fake = fakeWorker({ clock: new FakeClock(START) });
    fake.child.says(readyMessage());
    fake.clock.advance(30_000);
    fake.worker.drain('restart', 5_000);
    fake.clock.advance(1_000);
    fake.worker.drain('stop', 250);
    expect(withWorkers({ retiring: [fake.worker] }).draining).toEqual([{ pid: fake.worker.pid, since: '2026-03-01T12:00:30.000Z' }]);
  });
});

describe('builds', () => {
  test('another build on disk is a warning with the command that moves to it', () => {
    const status = documentOf({ installedBuild: () => ({ version: '1.3.0', buildId: 'bbbb' }) });
    expect(status.build).toEqual({ running: 'aaaa', installed: 'bbbb' });
    expect(status.warnings).toEqual([
      {
        code: 'NEWER_BUILD',
        message: 'version 1.3.0 (build bbbb) is installed; 1.2.3 (build aaaa) is running',
        hint: expect.stringContaining('xopc gateway restart') as string,
      },
    ]);
  });

  test('where only the worker is ever replaced, the warning does not promise that a restart switches', () => {
    const { warnings } = documentOf({ noRespawn: true, installedBuild: () => ({ version: '1.3.0', buildId: 'bbbb' }) });
    expect(warnings[0]?.hint).toMatch(/^A restart replaces only the worker .*: xopc gateway stop {3}/);
    expect(warnings[0]?.hint).not.toContain('gateway restart');
  });

  test('a build that is just being replaced is no other build', () => {
    const status = documentOf({ installedBuild: () => undefined });
    expect(status.build).toEqual({ running: 'aaaa', installed: 'aaaa' });
    expect(status.warnings).toEqual([]);
  });
});

test('warnings of others come first, and the next attempt is a time', () => {
  const warning = (code: string) => ({ code, message: 'config.json:2:3 gateway.port is wrong' });
  const status = documentOf({
    foundation: { ...BARE.foundation, config: { ...BARE.foundation.config, warnings: [warning('CONFIG_INVALID')] } },
    changes: { ...BARE.changes, warnings: [warning('CHANNEL_CONFIG')] },
    installedBuild: () => ({ version: '2', buildId: 'b' }),
    respawn: { ...BARE.respawn, nextAttemptAtMs: START + 90_000 },
  });
  expect(status.warnings.map(({ code }) => code)).toEqual(['CONFIG_INVALID', 'CHANNEL_CONFIG', 'NEWER_BUILD']);
  expect(status.nextAttemptAt).toBe('2026-03-01T12:01:30.000Z');
});

describe('URLs', () => {
  test.each([
    ['0.0.0.0', 'http://localhost:80'],
    ['::', 'http://localhost:80'],
    ['127.0.0.1', 'http://localhost:80'],
    ['::1', 'http://localhost:80'],
    ['192.0.2.7', 'http://192.0.2.7:80'],
    ['2001:db8::7', 'http://[2001:db8::7]:80'],
    ['gateway.lan', 'http://gateway.lan:80'],
  ])('%s is reached as %s', (host, url) => {
    expect(urlsOf(host, 80)).toEqual([url]);
  });
});
