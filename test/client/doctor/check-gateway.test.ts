import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkLock, checkPort, checkWorker } from '../../../client/doctor/check-gateway.js';
import type { GatewayLocation } from '../../../client/gateway/locate-gateway.js';
import type { PortListener } from '../../../client/ports/port-listener.js';
import type { StatusDocument } from '../../../shared/api/gateway/status.js';
import { GatewayError } from '../../../shared/errors.js';
import { sampleStatus } from '../../fakes/control-socket.js';
import type { ServicePlan } from '../../../client/service/plan/service-plan.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';
import { makeServicePlan } from '../../helpers/service-plan.js';

const answering = (change: Partial<StatusDocument> = {}): GatewayLocation => ({
  kind: 'answers',
  status: { ...sampleStatus, ...change },
  controlPath: '/run/control.sock',
});
const ABSENT: GatewayLocation = { kind: 'absent', lock: undefined };
const error = new GatewayError('CONTROL_UNREACHABLE', { message: 'it says nothing' });

describe('the lock', () => {
  const paths = testPaths('/nowhere/to/be/found');
  const lock = lockRecord(paths, process.pid, { pid: 4711 });

  test.each<[string, GatewayLocation, string, string]>([
    ['nobody', ABSENT, 'ok', 'no gateway runs'],
    ['one that died', { kind: 'absent', lock }, 'ok', 'left by pid 4711'],
    ['one that starts', { kind: 'starting', lock }, 'warn', 'is starting (pid 4711)'],
    ['one that hangs', { kind: 'silent', lock, error }, 'fail', 'does not answer'],
    ['a socket without a lock', { kind: 'silent', lock: undefined, error }, 'fail', 'it says nothing'],
    ['another machine', { kind: 'foreign', lock }, 'fail', 'another machine'],
    ['one that runs without it', answering(), 'warn', 'missing or damaged'],
  ])('of %s', (...[_title, location, level, says]) => {
    expect(checkLock(paths, location)).toMatchObject({ id: 'lock', level, message: expect.stringContaining(says) as string });
  });

  test('of the gateway that answers, or of another one', () => {
    const held = testPaths();
    writeLock(held, lockRecord(held, process.pid, { instanceId: sampleStatus.instanceId }));
    expect(checkLock(held, answering())).toMatchObject({ level: 'ok' });
    expect(checkLock(held, answering({ instanceId: 'gw_other' }))).toMatchObject({ level: 'fail', fix: 'xopc gateway restart --force' });
  });

  test('that is damaged is not a problem', () => {
    const damaged = testPaths();
    mkdirSync(dirname(damaged.lockPath), { recursive: true });
    writeFileSync(damaged.lockPath, 'nonsense');
    expect(checkLock(damaged, ABSENT)).toMatchObject({ level: 'ok', message: expect.stringContaining('is damaged') as string });
  });
});

describe('the port', () => {
  const LISTEN = { host: '127.0.0.1', port: 18_790 };
  const nginx: PortListener = {
    pid: 812,
    uid: 33,
    user: 'www-data',
    name: 'nginx',
    commandLine: 'nginx',
    startTime: null,
    address: '0.0.0.0',
  };

  test.each<[string, GatewayLocation, PortListener[], boolean, string, string]>([
    ['free', ABSENT, [], false, 'ok', 'is free'],
    ["a stranger's", ABSENT, [nginx], false, 'fail', 'taken by nginx (pid 812, user www-data)'],
    ["the service manager's", ABSENT, [nginx], true, 'ok', 'owned by the service manager'],
    ["the gateway's", answering(), [{ ...nginx, pid: 4711 }], false, 'ok', "is the gateway's"],
    [
      'still of the worker that finishes',
      answering({ ready: false, state: 'starting' }),
      [{ ...nginx, pid: 4711 }],
      false,
      'ok',
      'is free',
    ],
    ['taken from a gateway that cannot start', answering({ ready: false, state: 'failed' }), [nginx], false, 'fail', 'nginx'],
  ])('is %s', (...[_title, location, owners, passed, level, says]) => {
    const service = passed ? makeServicePlan({ socket: LISTEN }) : undefined;
    const finding = checkPort(LISTEN, { paths: testPaths('/nowhere'), location, service, find: () => owners });
    expect(finding).toMatchObject({ id: 'port', level, message: expect.stringContaining(says) as string });
  });

  test('is freed only as a start with --force would free it', () => {
    const paths = testPaths();
    const fixOf = (owner: PortListener, service?: ServicePlan): string =>
      checkPort(LISTEN, { paths, location: ABSENT, service, find: () => [owner] }).fix ?? '';
    const own = { ...nginx, uid: process.getuid?.() ?? null, startTime: '1' };
    expect(fixOf(own)).toContain('xopc gateway --force --port 18790');
    expect(fixOf(own, makeServicePlan({ port: LISTEN.port, host: LISTEN.host }))).toBe(
      'Stop it, take the port over with xopc gateway start --force, or choose another port: xopc gateway install --host 127.0.0.1 --port PORT',
    );
    expect(fixOf(own, makeServicePlan())).toMatch(
      /xopc gateway start --force, or choose another port: xopc config set gateway\.port PORT$/,
    );
    expect(fixOf({ ...own, pid: null })).toMatch(/does not end that process, because it belongs to another user/);
    expect(fixOf({ ...own, name: 'systemd' })).toContain('systemctl');
    const other = testPaths(paths.home, 'other.json');
    writeLock(other, lockRecord(other, process.pid));
    expect(fixOf({ ...own, pid: process.pid })).toBe(
      `Stop that gateway: xopc gateway stop --config ${other.configPath}   Or choose another port: xopc config set gateway.port PORT`,
    );
  });
});

describe('the worker', () => {
  test('of a gateway that is down is not a problem', () => {
    expect(checkWorker(ABSENT, 0)).toEqual([]);
  });

  test.each<[Partial<StatusDocument>, string, string]>([
    [{}, 'ok', 'running, worker 4711'],
    [{ ready: false, state: 'failed' }, 'fail', 'failed'],
    [{ ready: false, state: 'backoff' }, 'fail', 'backoff'],
    [{ ready: false, state: 'starting' }, 'warn', 'starting'],
  ])('%j', (change, level, says) => {
    expect(checkWorker(answering(change), 0)).toMatchObject([{ id: 'worker', level, message: expect.stringContaining(says) as string }]);
  });

  test('brings along what status warns of', () => {
    const warnings = [{ code: 'NEWER_BUILD', message: 'another build is installed', hint: 'xopc gateway restart' }];
    expect(checkWorker(answering({ warnings }), 0)[1]).toEqual({
      id: 'status:NEWER_BUILD',
      level: 'warn',
      message: 'another build is installed',
      fix: 'xopc gateway restart',
    });
  });

  test('brings along what does not work now', () => {
    const issue = { id: 'provider:a', severity: 'error', name: 'a', text: 'a does not work', action: 'Test it with: xopc models test a' };
    const warnings = [{ code: 'X', message: 'said already' }];
    const health = { state: 'degraded', issues: [issue, { ...issue, id: 'x', text: 'said already' }] } as never;
    expect(checkWorker(answering({ warnings, health }), 0).slice(2)).toEqual([
      { id: 'status:provider:a', level: 'warn', message: 'a does not work', fix: 'Test it with: xopc models test a' },
    ]);
  });
});
