import { readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfigChanges } from '../../../../daemon/supervisor/config/config-changes.js';
import { hashFiles, LOOK_MS } from '../../../../daemon/supervisor/config/config-watch.js';
import type { GatewayResources } from '../../../../daemon/supervisor/succession/gateway-resources.js';
import { adoptListenSocket, bindListenSocket, type ListenSocket } from '../../../../daemon/supervisor/socket/listen-socket.js';
import { WorkerRequests } from '../../../../daemon/supervisor/workers/worker-requests.js';
import type { FakeChild } from '../../../helpers/fake-child.js';
import { readyMessage } from '../../../helpers/fake-child.js';
import { freePort } from '../../../helpers/free-port.js';
import { Supervised } from '../../../helpers/supervised.js';
import { eventually } from '../../../helpers/eventually.js';

interface Changing {
  readonly gateway: Supervised;
  readonly changes: ConfigChanges;
  readonly applied: () => number;
  socket(): ListenSocket;
  /** Edits the file and lets the watch find it. */
  edit(content: unknown): void;
  /** The worker answers what it was asked last. */
  answers(child: FakeChild, fields?: Record<string, unknown>): void;
  /** A new worker comes up in the place of the one that runs. */
  replaced(child: FakeChild): void;
}

async function changing(options: { port?: number; origin?: ListenSocket['origin'] } = {}): Promise<Changing> {
  const gateway = new Supervised();
  const bound = await bindListenSocket('127.0.0.1', options.port ?? 0);
  let current = options.origin === undefined ? bound : adoptListenSocket(bound.handle, { host: '127.0.0.1', origin: options.origin });
  onTestFinished(() => current.close());
  gateway.home.writeConfig({ gateway: { host: '127.0.0.1', port: current.port } });
  gateway.config.accept(gateway.config.editedSource());
  const use = (socket: ListenSocket): void => {
    current = socket;
    gateway.resources.openSocket = socket;
  };
  const resources = {
    get socket() {
      return current;
    },
    use,
  } as unknown as GatewayResources;
  let applied = 0;
  const { config, supervisor, clock } = gateway;
  const changes = new ConfigChanges({
    config,
    supervisor,
    clock,
    log: gateway.logger.log,
    resources,
    onApplied: () => (applied += 1),
  });
  onTestFinished(() => changes.close());
  const requests = new WorkerRequests({
    status: { document: () => ({}) as never },
    restart: () => undefined,
    rotateLogs: () => undefined,
    recordChildren: () => undefined,
    configResult: (worker, result) => changes.answered(worker, result),
  });
  supervisor.on('workerMessage', (worker, message) => requests.receive(worker, message));
  supervisor.on('active', (worker, source) => changes.workerActive(worker, source));
  use(current);
  supervisor.dispatch({ type: 'start' });
  const listens = (child: FakeChild): void => {
    child.says(readyMessage());
    child.says({ type: 'listening', port: current.port });
  };
  listens(gateway.worker);
  changes.start();
  return {
    gateway,
    changes,
    applied: () => applied,
    socket: () => current,
    edit(content) {
      gateway.home.writeConfig(content);
      clock.advance(LOOK_MS + 200);
    },
    answers: (child, fields = {}) =>
      child.says({ type: 'configResult', hash: child.last('applyConfig')?.['hash'], outcome: 'applied', problems: [], ...fields }),
    replaced(child) {
      const [before] = gateway.workers.slice(-2);
      listens(child);
      before?.says({ type: 'quiesced' });
      before?.exits();
    },
  };
}

/** Lets what is awaited go on. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('an edit', () => {
  test('is tried by the running worker, and in force when it says so', async () => {
    const { gateway, edit, answers, applied, changes, socket } = await changing();
    const { worker } = gateway;
    edit({ gateway: { host: '127.0.0.1', port: socket().port, drainTimeoutMs: 1_234 } });
    expect(worker.last('applyConfig')).toEqual({ type: 'applyConfig', hash: hashFiles(gateway.config.editedPaths) });
    expect(gateway.config.settings.drainTimeoutMs).toBe(5_000);
    const token = { token: 'short', source: 'config' };
    answers(worker, { authEnabled: true, token });
    expect(gateway.config.settings.drainTimeoutMs).toBe(1_234);
    expect(applied()).toBe(1);
    expect([changes.auth, changes.token]).toEqual([{ enabled: true, tokenHint: '****' }, token]);
    await eventually(() => expect(readFileSync(gateway.home.paths.lastGoodConfigPath, 'utf8')).toContain('1234'));
    expect(gateway.workers).toHaveLength(1);
  });

  test("that the supervisor's own keys reject is not tried, and changes nothing", async () => {
    const { gateway, edit } = await changing();
    edit({ gateway: { port: 'x' } });
    expect(gateway.worker.sentTypes).not.toContain('applyConfig');
    expect(gateway.config.warnings).toMatchObject([{ code: 'CONFIG_INVALID', message: expect.stringContaining('gateway.port') as string }]);
  });

  test('that removes the file changes nothing', async () => {
    const { gateway } = await changing();
    rmSync(gateway.home.paths.configPath);
    gateway.clock.advance(LOOK_MS + 200);
    expect(gateway.worker.sentTypes).not.toContain('applyConfig');
    expect(gateway.config.warnings).toMatchObject([{ message: expect.stringContaining('config.json was removed; put it back') as string }]);
  });

  test('that the worker rejects changes nothing and is named until it is corrected', async () => {
    const { gateway, edit, answers, applied, socket } = await changing();
    const { worker } = gateway;
    edit({ gateway: { drainTimeoutMs: 7 }, agents: 5 });
    answers(worker, { outcome: 'rejected', problems: [{ key: 'agents', message: 'must be an object' }] });
    expect(gateway.config.settings.drainTimeoutMs).toBe(5_000);
    expect(gateway.config.warnings).toMatchObject([{ message: expect.stringContaining('agents must be an object') as string }]);
    expect(applied()).toBe(0);
    edit({ gateway: { host: '127.0.0.1', port: socket().port } });
    answers(worker);
    expect(gateway.config.warnings).toEqual([]);
  });

  test('while no worker lives starts one at once', async () => {
    const { gateway, edit } = await changing();
    gateway.worker.exits({ code: 125 });
    const before = gateway.workers.length;
    edit({ gateway: { drainTimeoutMs: 8 } });
    expect(gateway.workers).toHaveLength(before + 1);
  });

  test('while a new worker boots is given to it, too, once it serves', async () => {
    const { gateway, edit, answers, replaced } = await changing();
    const first = gateway.worker;
    void gateway.restart();
    const second = gateway.worker;
    edit({ gateway: { host: '127.0.0.1', drainTimeoutMs: 9 } });
    answers(first);
    replaced(second);
    expect(second.last('applyConfig')).toMatchObject({ hash: hashFiles(gateway.config.editedPaths) });
  });

  test('is not answered by a worker that is not in charge any more', async () => {
    const { gateway, edit, answers, replaced, applied } = await changing();
    const first = gateway.worker;
    edit({ gateway: { drainTimeoutMs: 10 } });
    void gateway.restart();
    replaced(gateway.worker);
    const before = applied();
    answers(first);
    expect(applied()).toBe(before);
  });
});

describe('another address', () => {
  test('is bound here and served by a new worker; the old socket is closed after it', async () => {
    const { gateway, edit, answers, replaced, socket, changes } = await changing();
    const [old, port] = [socket(), await freePort()];
    edit({ gateway: { host: '127.0.0.1', port } });
    answers(gateway.worker);
    await eventually(() => expect(gateway.workers).toHaveLength(2));
    replaced(gateway.worker);
    expect(gateway.worker.last('listen')).toMatchObject({ port });
    await eventually(() => expect(socket().port).toBe(port));
    await eventually(() => expect(() => adoptListenSocket(old.handle, { origin: 'bound' })).toThrow());
    expect((await bindListenSocket('127.0.0.1', old.port)).port).toBe(old.port);
    expect(changes.warnings).toEqual([]);
    expect(gateway.workers).toHaveLength(2);
  });

  test('that is taken is a warning; all stays where it is, until it is free', async () => {
    const { gateway, edit, answers, socket, changes } = await changing();
    const before = socket();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    edit({ gateway: { host: '127.0.0.1', port } });
    answers(gateway.worker);
    await eventually(() => expect(changes.warnings).toHaveLength(1));
    expect(changes.warnings).toMatchObject([
      { code: 'ADDRESS_UNCHANGED', message: expect.stringContaining(`still on 127.0.0.1:${before.port}`) as string },
    ]);
    expect(socket()).toBe(before);
    expect(gateway.workers).toHaveLength(1);
    taken.close();
    await once(taken, 'close');
    edit({ gateway: { host: '127.0.0.1', port, drainTimeoutMs: 11 } });
    answers(gateway.worker);
    await eventually(() => expect(gateway.workers).toHaveLength(2));
    expect(changes.warnings).toEqual([]);
  });

  test('on which no worker starts is released', async () => {
    const { gateway, edit, answers, socket, changes } = await changing();
    const [before, port] = [socket(), await freePort()];
    edit({ gateway: { host: '127.0.0.1', port } });
    answers(gateway.worker);
    await eventually(() => expect(gateway.workers).toHaveLength(2));
    gateway.worker.exits({ code: 1 });
    await eventually(() => expect(changes.warnings).toMatchObject([{ code: 'ADDRESS_UNCHANGED' }]));
    expect(socket()).toBe(before);
    expect((await bindListenSocket('127.0.0.1', port)).port).toBe(port);
  });

  test('is reached although a restart to the old one was under way', async () => {
    const { gateway, edit, answers, replaced, socket } = await changing();
    const [first, port] = [gateway.worker, await freePort()];
    void gateway.restart();
    const second = gateway.worker;
    second.says(readyMessage()); // it was told the old address
    edit({ gateway: { host: '127.0.0.1', port } });
    answers(first);
    await eventually(() => expect(socket().port).toBe(port));
    replaced(second);
    await eventually(() => expect(gateway.workers).toHaveLength(3));
    replaced(gateway.worker);
    expect(gateway.worker.last('listen')).toMatchObject({ port });
    await eventually(() => expect(gateway.supervisor.isRestarting).toBe(false));
    expect(gateway.workers).toHaveLength(3);
  });

  test.each([
    ['does not move a socket that a service manager passed when something else is edited', undefined, 1],
    ['moves a socket that a service manager passed when the address itself is edited', 'other', 2],
  ])('%s', async (_what, edited, workers) => {
    const { gateway, edit, answers, socket } = await changing({ origin: 'inherited' });
    const port = edited === undefined ? socket().port : await freePort();
    edit({ gateway: { host: '127.0.0.1', port, drainTimeoutMs: 12 } });
    answers(gateway.worker);
    await (workers > 1 ? eventually(() => expect(gateway.workers).toHaveLength(workers)) : turn());
    expect(gateway.workers).toHaveLength(workers);
  });
});
