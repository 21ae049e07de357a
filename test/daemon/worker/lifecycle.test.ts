import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WorkerLifecycle } from '../../../daemon/worker/lifecycle.js';
import { systemClock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import type { WorkerMessage } from '../../../shared/ipc/messages.js';
import { eventually } from '../../helpers/eventually.js';
import { openWire, sendRequest } from '../../helpers/http-request.js';
import { tempDir } from '../../helpers/temp-dir.js';

const HOST = '127.0.0.1';
/** What runs on this machine is no part of a test. */
const CONFIG = { agents: { defaults: { discovery: false } } };

interface World {
  readonly home: string;
  readonly configPath: string;
  readonly handle: Server;
  readonly port: number;
  readonly lifecycle: WorkerLifecycle;
  /** What the supervisor was told, without heartbeats. */
  readonly told: () => WorkerMessage[];
  readonly types: () => string[];
  readonly heartbeats: () => Extract<WorkerMessage, { type: 'heartbeat' }>[];
  readonly log: () => string;
}

interface WorkerOptions {
  readonly config?: object | string;
  /** Default: one of its own. */
  readonly home?: string;
  readonly prepare?: (home: string) => void;
}

/** A worker over a home, with a listening handle as the supervisor passes it. */
async function makeWorker({ config = CONFIG, home = tempDir(), prepare }: WorkerOptions = {}): Promise<World> {
  for (const name of ['logs', 'state', 'credentials']) mkdirSync(join(home, name), { recursive: true });
  const configPath = join(home, 'config.json');
  writeFileSync(configPath, typeof config === 'string' ? config : JSON.stringify(config));
  prepare?.(home);
  const handle = createServer().listen(0, HOST);
  await once(handle, 'listening');
  onTestFinished(() => void handle.close());
  const { port } = handle.address() as AddressInfo;
  const messages: WorkerMessage[] = [];
  const logPath = join(home, 'logs', 'gateway.log');
  const lifecycle = new WorkerLifecycle({
    boot: {
      instanceId: 'wk_test',
      supervisorPid: process.pid,
      home,
      configPath,
      configSource: configPath,
      modelsSource: join(home, 'models.json'),
      dataDir: home,
      liveInstanceIds: ['wk_test'],
    },
    channel: {
      send: (message) => void messages.push(message),
      flush: (message) => Promise.resolve(void messages.push(message)),
      ask: () => Promise.reject(new GatewayError('UNAVAILABLE', { message: 'the supervisor does not answer' })),
    },
    clock: systemClock,
  });
  onTestFinished(async () => {
    const isDrained = messages.some(({ type }) => type === 'drained');
    if (!isDrained) await lifecycle.drain({ type: 'drain', mode: 'stop', timeoutMs: 200 });
  });
  const told = (): WorkerMessage[] => messages.filter(({ type }) => type !== 'heartbeat');
  return {
    home,
    configPath,
    handle,
    port,
    lifecycle,
    told,
    types: () => told().map(({ type }) => type),
    heartbeats: () => messages.filter((message) => message.type === 'heartbeat'),
    log: () => readFileSync(logPath, 'utf8'),
  };
}

async function makeActiveWorker(options?: WorkerOptions): Promise<World> {
  const world = await makeWorker(options);
  await world.lifecycle.start();
  await world.lifecycle.listen({ type: 'listen', host: HOST, port: world.port }, world.handle);
  await world.lifecycle.activate();
  return world;
}

const drain = (mode: 'restart' | 'stop', timeoutMs = 2_000) => ({ type: 'drain', mode, timeoutMs }) as const;

test('a life in order: ready, listening, quiesced, drained', async () => {
  const { lifecycle, types, told, port, handle, heartbeats } = await makeWorker();
  await lifecycle.start();
  expect(told()).toEqual([
    expect.objectContaining({
      type: 'ready',
      authEnabled: false,
      warnings: [],
    }),
  ]);
  expect(heartbeats()).toEqual([]);
  await lifecycle.listen({ type: 'listen', host: HOST, port }, handle);
  expect(told().at(-1)).toEqual({ type: 'listening' });
  expect(heartbeats()).toHaveLength(1);
  // Answered before it is active: the worker before it may still be draining.
  expect((await sendRequest(port, '/health')).json).toMatchObject({ status: 'healthy', instanceId: 'wk_test' });
  expect((await sendRequest(port, '/api/sessions')).status).toBe(200);
  await lifecycle.activate();
  expect(Object.keys(heartbeats().at(-1)?.vitals.channels ?? {})).toEqual(['webchat']);
  await lifecycle.drain(drain('restart'));
  expect(types()).toEqual(['ready', 'listening', 'quiesced', 'drained']);
  expect(told().at(-1)).toEqual({ type: 'drained', cut: { requests: 0, streams: 0, sockets: 0 } });
});

test('a worker that never listened, and one that was never active, drain all the same', async () => {
  const ready = await makeWorker();
  await ready.lifecycle.start();
  await ready.lifecycle.drain(drain('stop'));
  expect(ready.types()).toEqual(['ready', 'quiesced', 'drained']);
  const listening = await makeWorker();
  await listening.lifecycle.start();
  await listening.lifecycle.listen({ type: 'listen', host: HOST, port: listening.port }, listening.handle);
  await listening.lifecycle.drain(drain('stop'));
  expect(listening.types()).toEqual(['ready', 'listening', 'quiesced', 'drained']);
});

test('a worker that is drained right after it was activated starts nothing more', async () => {
  const { lifecycle, types, heartbeats, port, handle } = await makeWorker();
  await lifecycle.start();
  await lifecycle.listen({ type: 'listen', host: HOST, port }, handle);
  const activation = lifecycle.activate();
  await lifecycle.drain(drain('stop'));
  await activation;
  expect(types()).toEqual(['ready', 'listening', 'quiesced', 'drained']);
  expect(heartbeats()).toHaveLength(1);
});

test('an invalid configuration is refused before anything is opened', async () => {
  const failure = await makeWorker({ config: '{ "gateway": { "port": "x" } }' }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'CONFIG_INVALID', details: { problems: [{ key: 'gateway.port' }] } });
});

test('a port that is not the announced one, or that another program has, is PORT_TAKEN', async () => {
  const { lifecycle, port, handle, types } = await makeWorker();
  await lifecycle.start();
  const other = await makeWorker();
  await other.lifecycle.start();
  await expect(lifecycle.listen({ type: 'listen', host: HOST, port: port + 1 }, handle)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  await expect(other.lifecycle.listen({ type: 'listen', host: HOST, port }, { host: HOST, port, exclusive: true })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    details: { host: HOST, port },
  });
  expect(types()).not.toContain('listening');
});

test('with a database that cannot be opened the worker is ready, warns, and answers 503 where it needs the store', async () => {
  const { lifecycle, told, port, handle } = await makeWorker({ prepare: (home) => mkdirSync(join(home, 'state', 'gateway.db')) });
  await lifecycle.start();
  await lifecycle.listen({ type: 'listen', host: HOST, port }, handle);
  const [ready] = told() as Extract<WorkerMessage, { type: 'ready' }>[];
  expect(ready?.warnings.map(({ code }) => code)).toEqual(['STORE_UNAVAILABLE']);
  expect((await sendRequest(port, '/health')).status).toBe(200);
  expect(await sendRequest(port, '/api/sessions')).toMatchObject({ status: 503, json: { error: { code: 'UNAVAILABLE' } } });
});

test('a valid configuration is in force at once, an invalid one changes nothing and names its problems', async () => {
  const { lifecycle, told, port, configPath } = await makeActiveWorker();
  const apply = (config: string, hash: string): void => {
    writeFileSync(configPath, config);
    lifecycle.applyConfig({ type: 'applyConfig', hash });
  };
  const status = async (): Promise<number> => (await sendRequest(port, '/api/sessions')).status;
  apply(JSON.stringify({ ...CONFIG, gateway: { auth: { enabled: true } } }), 'h1');
  expect(told().at(-1)).toMatchObject({ type: 'configResult', hash: 'h1', outcome: 'applied', problems: [], authEnabled: true });
  expect(await status()).toBe(401);
  apply('{ "gateway": ', 'h2');
  const rejected = told().at(-1) as Extract<WorkerMessage, { type: 'configResult' }>;
  expect(rejected).toMatchObject({ hash: 'h2', outcome: 'rejected', authEnabled: true });
  expect(rejected.problems).toHaveLength(1);
  expect(await status()).toBe(401);
  apply(JSON.stringify(CONFIG), 'h3');
  expect(await status()).toBe(200);
});

test('a token that was replaced before a restart does not count on connections of the worker that ends', async () => {
  const { home, lifecycle, port } = await makeActiveWorker({ config: { ...CONFIG, gateway: { auth: { enabled: true } } } });
  const tokenPath = join(home, 'credentials', 'token');
  const before = readFileSync(tokenPath, 'utf8').trim();
  const wires = await Promise.all([1, 2].map(() => openWire(port, 'GET /api/models HTTP/1.1\r\nHost: localhost\r\n')));
  // Once this is answered, the worker has read what was sent before.
  await sendRequest(port, '/health');
  const after = 'a-token-of-more-than-thirty-two-characters';
  writeFileSync(tokenPath, after);
  const drained = lifecycle.drain(drain('restart'));
  for (const [index, token] of [before, after].entries()) wires[index]?.socket.write(`Authorization: Bearer ${token}\r\n\r\n`);
  await Promise.all(wires.map((wire) => wire.closed));
  expect(wires.map((wire) => /^HTTP\/1\.1 (\d+)/.exec(wire.received())?.[1])).toEqual(['401', '200']);
  await drained;
});

test('a drain ends streams with their last event, and cuts at the deadline what has not ended', async () => {
  const { lifecycle, told, port, heartbeats } = await makeActiveWorker();
  const events = await openWire(port, 'GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await events.until(/retry: /);
  const halfSent = await openWire(
    port,
    'POST /api/message HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"channel"',
  );
  await eventually(() => expect(heartbeats().at(-1)?.vitals.inFlight).toBe(2));
  await lifecycle.drain(drain('stop', 600));
  expect(events.received()).toContain('event: draining');
  expect(halfSent.received()).toBe('');
  expect(told().at(-1)).toEqual({ type: 'drained', cut: { requests: 1, streams: 0, sockets: 0 } });
});

test('a drained worker has closed its store: the next one takes the same home', async () => {
  const first = await makeActiveWorker();
  const message = { channel: 'webchat', chat_id: 'desk', content: 'hello' };
  expect((await sendRequest(first.port, '/api/message', { method: 'POST', body: message })).status).toBe(200);
  await first.lifecycle.drain(drain('restart'));
  const next = await makeActiveWorker({ home: first.home });
  expect((await sendRequest(next.port, '/api/sessions')).text).toContain('hello');
});

test('after a rotation the log goes on in the new file; what is fatal is in it', async () => {
  const { lifecycle, home, log } = await makeActiveWorker({ config: { ...CONFIG, logs: { level: 'debug' } } });
  await eventually(() => expect(log()).toContain('"msg":"active"'));
  renameSync(join(home, 'logs', 'gateway.log'), join(home, 'logs', 'gateway.log.1'));
  lifecycle.reopenLogs();
  lifecycle.fatal(new Error('out of luck'));
  await eventually(() => expect(log()).toContain('out of luck'));
  expect(log()).toContain('"level":"fatal"');
  expect(log()).not.toContain('"msg":"active"');
});
