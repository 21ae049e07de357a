import { describe, expect, test } from 'vitest';
import { createControlHandler, restart, restartUnasked } from '../../../../daemon/supervisor/control/control-requests.js';
import type { ControlRequest } from '../../../../shared/control/messages.js';
import { GatewayError } from '../../../../shared/errors.js';
import { recordingLogger } from '../../../helpers/recording-logger.js';
import { controlled as gateway, type Facts, RESULT, STATUS } from '../../../helpers/control-context.js';

const quiet = (): void => undefined;

const request = (fields: object): ControlRequest => ({ v: 1, id: 'r', ...fields }) as ControlRequest;

test('status is the document, at once', async () => {
  const { context, called } = gateway();
  expect(await createControlHandler(context)(request({ type: 'status' }), quiet)).toEqual(STATUS);
  expect(called).toEqual([]);
});

test('the token is the one in force, with its source; null before there is one', async () => {
  const token = { token: 'secret', source: 'env' } as const;
  const ask = (facts: Facts) => createControlHandler(gateway(facts).context)(request({ type: 'token' }), quiet);
  expect([await ask({ token }), await ask({})]).toEqual([token, null]);
});

describe('a stop ends a succession under way and drains', () => {
  test.each([
    [{}, 'stop 5000'],
    [{ timeoutMs: 250 }, 'stop 250'],
    [{ force: true }, 'stop 0'],
    [{ force: true, timeoutMs: 250 }, 'stop 0'],
  ])('%j → %s', async (fields, expected) => {
    const { context, called } = gateway();
    await createControlHandler(context)(request({ type: 'stop', ...fields }), quiet);
    expect(called).toEqual(['abort STOPPING', expected.replace('stop', 'dismiss'), expected]);
  });
});

describe('a restart', () => {
  const restarting = [Promise.resolve(RESULT)];
  const cases: readonly { when: string; facts?: Facts; fields?: object; calls: string[] }[] = [
    { when: 'is in place', calls: ['restart undefined'] },
    { when: 'is in place within its own time', fields: { timeoutMs: 250 }, calls: ['restart 250'] },
    { when: 'is a succession where it is forced', fields: { force: true, timeoutMs: 250 }, calls: ['succession {"timeoutMs":250}'] },
    {
      when: 'is a succession to another address',
      fields: { force: true, succession: { port: 9, host: 'h' } },
      calls: ['succession {"port":9,"host":"h"}'],
    },
    { when: 'is a succession where another build is on disk', facts: { isNewerInstalled: true }, calls: ['succession {}'] },
    {
      when: 'is in place where a new supervisor is never wanted',
      facts: { noRespawn: true },
      fields: { force: true },
      calls: ['restart undefined'],
    },
    {
      when: 'is in place there even under a service manager',
      facts: { noRespawn: true, serviceMarker: 'systemd' },
      fields: { force: true },
      calls: ['restart undefined'],
    },
    {
      when: 'leaves it to the service manager',
      facts: { serviceMarker: 'systemd' },
      fields: { force: true },
      calls: ['rehearsal', 'restart undefined', 'serviceRestart 5000'],
    },
    {
      when: 'leaves it to the service manager within its own time',
      facts: { serviceMarker: 'systemd' },
      fields: { force: true, timeoutMs: 250 },
      calls: ['rehearsal', 'restart 250', 'serviceRestart 250'],
    },
    {
      when: 'leaves it to the service manager at once where nothing serves',
      facts: { serviceMarker: 'systemd', isReady: false },
      fields: { force: true },
      calls: ['serviceRestart 5000'],
    },
    {
      when: 'is in place under a service manager where nothing else is asked',
      facts: { serviceMarker: 'systemd' },
      calls: ['restart undefined'],
    },
    { when: 'joins the succession under way', facts: { isUnderWay: true }, calls: ['succession {}'] },
    { when: 'joins the succession under way whose worker drains', facts: { isUnderWay: true, desired: 'down' }, calls: ['succession {}'] },
    { when: 'joins the exit to be restarted', facts: { desired: 'down', restarting }, calls: ['serviceRestart 600000'] },
  ];

  test.each(cases)('$when', async ({ facts, fields, calls }) => {
    const { context, called } = gateway(facts);
    await createControlHandler(context)(request({ type: 'restart', ...fields }), quiet);
    expect(called).toEqual(calls);
  });

  test.each([
    [undefined, 'ends'],
    ['other', 'is refused'],
  ])('left to the service manager with a --token, while the one in force is %s, %s', async (token, outcome) => {
    const { context } = gateway({ serviceMarker: 'systemd', ...(token === undefined ? {} : { token: { token, source: 'generated' } }) });
    const ended = restart(context, { force: true, succession: { token: 'wanted' } }, quiet).then(
      () => 'ends',
      () => 'is refused',
    );
    expect(await ended).toBe(outcome);
  });

  test('is refused while the gateway stops, with the reason of the supervisor', async () => {
    const { context } = gateway({ desired: 'down' });
    await expect(restart(context, { force: true }, quiet)).rejects.toMatchObject({ message: 'a restore is in progress' });
  });

  test.each([{}, { force: true }])('%j is refused while a file is missing that was in effect', async (fields) => {
    const { context, called } = gateway({ removed: [{ file: '/c.json', message: 'was removed' }] });
    await expect(restart(context, fields, quiet)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: '/c.json was removed' });
    expect(called).toEqual([]);
  });

  test('left to the service manager says which instance ended and who comes next', async () => {
    const { context } = gateway({ serviceMarker: 'systemd' });
    const said: string[] = [];
    const result = await restart(context, { force: true }, (message) => said.push(message));
    expect(result).toEqual({ instanceId: 'wk_1', workerPid: 11, pid: process.pid, succession: 'service-manager', durationMs: 9 });
    expect(said).toEqual(['the service manager (systemd) restarts the gateway']);
  });

  test.each([
    ['the installed supervisor cannot start', true, ['rehearsal']],
    ['its worker cannot', false, ['rehearsal', 'restart undefined']],
  ])('that would be left to the service manager is refused where %s', async (...[_what, isBroken, calls]) => {
    const { context, called } = gateway({ serviceMarker: 'systemd' });
    const no = (what: string) => (): Promise<never> => {
      called.push(what);
      return Promise.reject(new GatewayError('CONFIG_INVALID', { message: 'config.json:1' }));
    };
    const supervisor = { ...context.supervisor, isRestarting: false, requestRestart: no('restart undefined') };
    const failing = { ...context, supervisor, ...(isBroken ? { rehearse: no('rehearsal') } : {}) };
    await expect(restart(failing, { force: true }, quiet)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(called).toEqual(calls);
  });

  test.each([
    ['succeeds', () => Promise.resolve(RESULT)],
    ['fails', () => Promise.reject(new GatewayError('WORKER_NOT_READY', { message: 'no' }))],
  ])('that replaces the supervisor waits for one in place under way, which %s', async (_what, inPlace) => {
    const { context, called } = gateway({ restarting: [inPlace()] });
    await restart(context, { force: true }, quiet);
    expect(called).toEqual(['restart undefined', 'succession {}']);
  });
});

describe('a restart that nobody waits for', () => {
  test.each([
    ['is in place', {}, {}, ['restart undefined']],
    ['is a succession where it is forced', { force: true }, {}, ['succession {}']],
    [
      'is left to the service manager where it is forced',
      { force: true },
      { serviceMarker: 'systemd' },
      ['rehearsal', 'restart undefined', 'serviceRestart 5000'],
    ],
  ])('%s', async (...[_what, fields, facts, calls]) => {
    const { context, called } = gateway(facts);
    restartUnasked(context, { reason: 'SIGUSR1', log: recordingLogger().log, ...fields });
    await expect.poll(() => called).toEqual(calls);
  });

  test.each([
    ['STOPPING', 'down', 'info'],
    ['CONFLICT', 'down', 'info'],
    ['WORKER_NOT_READY', 'up', 'error'],
  ] as const)('and fails with %s in a gateway that is to be %s is logged as %s', async (code, desired, level) => {
    const { context } = gateway();
    const requestRestart = (): Promise<never> => Promise.reject(new GatewayError(code, { message: 'no' }));
    const { log, entries } = recordingLogger();
    restartUnasked(
      { ...context, supervisor: { ...context.supervisor, desired, isRestarting: false, requestRestart } },
      { reason: 'SIGTERM to the worker', log },
    );
    await expect.poll(() => entries().map((entry) => entry['level'])).toEqual(['info', level]);
  });
});

test('a restore gets the configured time to drain, and waits for no succession', async () => {
  const restoreRequest = request({ type: 'restore', restoreId: '20261124T192403Z-1a2b3c' });
  const idle = gateway();
  expect(await createControlHandler(idle.context)(restoreRequest, () => undefined)).toMatchObject({ replaced: '/kept' });
  expect(idle.called).toEqual(['restore 20261124T192403Z-1a2b3c 5000']);
  const busy = gateway({ isUnderWay: true });
  await expect(createControlHandler(busy.context)(restoreRequest, () => undefined)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: 'a restart is in progress',
  });
});

test('a successor is started only once this gateway has moved to a changed address', async () => {
  let moved: () => void = () => undefined;
  const facts: { moving?: Promise<void> } = { moving: new Promise<void>((resolve) => (moved = resolve)) };
  const { context, called } = gateway(facts);
  const outcome = restart(context, { force: true }, quiet);
  expect(called).toEqual([]);
  delete facts.moving;
  moved();
  await outcome;
  expect(called).toEqual(['succession {}']);
});

describe('while a predecessor still finishes its work', () => {
  test.each([{}, { force: true }])('a restart %j waits until this gateway serves alone', async (fields) => {
    let arrive: () => void = () => undefined;
    const facts: { arriving?: Promise<void> } = { arriving: new Promise<void>((resolve) => (arrive = resolve)) };
    const { context, called } = gateway(facts);
    const outcome = restart(context, fields, quiet);
    await new Promise((resolve) => setImmediate(resolve));
    expect(called).toEqual([]);
    delete facts.arriving;
    arrive();
    await outcome;
    expect(called).toHaveLength(1);
  });

  test('so does a restore: the predecessor’s worker has the database open', async () => {
    let arrive: () => void = () => undefined;
    const { context, called } = gateway({ arriving: new Promise<void>((resolve) => (arrive = resolve)) });
    const outcome = createControlHandler(context)(request({ type: 'restore', restoreId: 'r1' }), quiet);
    await new Promise((resolve) => setImmediate(resolve));
    expect(called).toEqual([]);
    arrive();
    await outcome;
    expect(called).toEqual(['restore r1 5000']);
  });
});
