import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { callControl } from '../../client/gateway/control-client.js';
import { parseControlRequest } from '../../daemon/supervisor/control/control-frames.js';
import { probeControl } from '../../daemon/supervisor/lock/lock-holder.js';
import { answerWorker, type WorkerRequests } from '../../daemon/supervisor/workers/worker-requests.js';
import { SupervisorChannel } from '../../daemon/worker/supervisor-channel.js';
import { GatewayError } from '../../shared/errors.js';
import { activeWorker, fakeWorker } from '../helpers/fake-worker.js';
import { ControlClient, serveControl } from '../helpers/control-socket.js';
import { FakeClock } from '../helpers/fake-clock.js';
import { tempDir } from '../helpers/temp-dir.js';
import { fuzz } from './fuzz.js';
import { oddText, oddValue } from './values.js';

const fields = (names: readonly string[]): fc.Arbitrary<Record<string, unknown>> =>
  fc.dictionary(fc.constantFrom(...names), oddValue(), { maxKeys: 4, noNullPrototype: true });

const requestFields = fields(['timeoutMs', 'force', 'exclusive', 'expects', 'succession', 'restoreId', 'v', 'id', 'type', '__proto__']);
const request = fc
  .tuple(fc.constantFrom('status', 'stop', 'restart', 'restore', 'toString'), requestFields)
  .map(([type, odd]) => ({ v: 1, id: 'r1', type, ...odd }));
const line = fc.oneof(
  { weight: 4, arbitrary: request.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: oddText() },
  { weight: 1, arbitrary: oddValue().map((value) => JSON.stringify(value)) },
);
const bytes = fc.uint8Array({ maxLength: 200 }).map((list) => Buffer.from(list));

test('any line is a control request, or is refused in words of the protocol', () =>
  fuzz(500, () =>
    fc.property(line, (text) => {
      const parsed = parseControlRequest(text);
      if ('refusal' in parsed) expect(parsed.refusal.code).toBe('CONTROL_PROTOCOL');
      else {
        expect(['status', 'stop', 'restart', 'restore']).toContain(parsed.type);
        const { timeoutMs } = parsed as { timeoutMs?: unknown };
        if (timeoutMs !== undefined) expect(Number.isInteger(timeoutMs)).toBe(true);
      }
    }),
  ));

/** Writes to a socket that may close meanwhile. @returns once all has been taken, or nothing more will be */
async function pour(socket: Socket, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    socket.write(piece);
    await new Promise(setImmediate);
  }
}

test('the supervisor answers others whatever one client sends', () =>
  fuzz(60, async () => {
    const { path, errors } = await serveControl((asked) => Promise.resolve(asked.type));
    const piece = fc.oneof(
      { weight: 3, arbitrary: line.map((text) => Buffer.from(`${text}\n`)) },
      { weight: 2, arbitrary: bytes },
      { weight: 1, arbitrary: fc.constantFrom(Buffer.from('\n\n\n'), Buffer.alloc(70_000, 97), Buffer.from([0xff, 0xfe, 10])) },
    );
    return fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
      const hostile = connect(path);
      hostile.on('error', () => undefined);
      hostile.resume();
      await once(hostile, 'connect');
      await pour(hostile, pieces);
      const other = await ControlClient.connect(path);
      expect(await other.ask({ id: 'r1', type: 'status' })).toMatchObject({ type: 'result', result: 'status' });
      hostile.destroy();
      other.socket.destroy();
      expect(errors).toEqual([]);
    });
  }));

const reply = fc
  .tuple(fc.constantFrom('result', 'error', 'progress'), fields(['v', 'id', 'type', 'result', 'error', 'phase', 'message']))
  .map(([type, odd]) => JSON.stringify({ v: 1, id: '1', type, error: { code: 'STOPPING', message: 'it stops' }, ...odd }));

test('a client ends with a result or an error, whatever answers it', () =>
  fuzz(60, async () => {
    const directory = join(tempDir(), 'run');
    mkdirSync(directory, { mode: 0o700 });
    const path = join(directory, 's');
    let pieces: readonly Buffer[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => void pour(socket, pieces).then(() => socket.end()));
    });
    server.listen(path);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const piece = fc.oneof(
      { weight: 3, arbitrary: reply.map((text) => Buffer.from(`${text}\n`)) },
      { weight: 1, arbitrary: bytes },
      { weight: 1, arbitrary: line.map((text) => Buffer.from(`${text}\n`)) },
      { weight: 1, arbitrary: fc.constant(Buffer.alloc(70_000, 97)) },
    );
    return fc.asyncProperty(fc.array(piece, { maxLength: 5 }), async (answers) => {
      pieces = answers;
      const progress = vi.fn();
      try {
        await callControl(path, { type: 'status' }, { onProgress: progress });
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        expect(typeof error.message).toBe('string');
        expect(error.message).not.toMatch(/TypeError|Unexpected token|Cannot read/);
      }
      const identity = await probeControl(path);
      if (identity !== undefined) expect(typeof identity.instanceId).toBe('string');
    });
  }));

const workerMessage = fc.oneof(
  oddValue(),
  fc
    .tuple(
      fc.constantFrom(
        'ready',
        'listening',
        'active',
        'quiesced',
        'drained',
        'heartbeat',
        'configResult',
        'rotateLogs',
        'query',
        '__proto__',
        'explode',
      ),
      fields(['version', 'token', 'warnings', 'port', 'cut', 'vitals', 'hash', 'outcome', 'problems', 'id', 'query', 'type']),
    )
    .map(([type, odd]): unknown => ({ type, ...odd })),
);

test('the supervisor takes any message of a worker', () =>
  fuzz(300, () =>
    fc.property(fc.array(workerMessage, { maxLength: 6 }), fc.boolean(), (messages, isActive) => {
      const fake = isActive ? activeWorker() : fakeWorker();
      const done = vi.fn();
      const requests: WorkerRequests = {
        status: { document: done as never },
        restart: done,
        rotateLogs: done,
        recordChildren: done,
        configResult: done,
      };
      for (const message of messages) fake.child.says(message);
      for (const message of fake.messages) answerWorker(requests, fake.worker, message);
      fake.child.exits({ code: 1 });
      expect(fake.exits).toHaveLength(1);
    }),
  ));

const supervisorMessage = fc
  .tuple(
    fc.constantFrom('listen', 'activate', 'drain', 'reopenLogs', 'peers', 'applyConfig', 'reply', 'constructor', '__proto__', 'toString'),
    fields(['host', 'port', 'mode', 'timeoutMs', 'liveInstanceIds', 'hash', 'id', 'result', 'error']),
  )
  .map(([type, odd]): unknown => ({ type, ...odd }));

test('the worker takes any message of its supervisor', async () => {
  const before = process.listeners('message');
  const called: string[] = [];
  const names = ['listen', 'activate', 'drain', 'reopenLogs', 'peers', 'applyConfig'] as const;
  const handlers = Object.fromEntries(names.map((name) => [name, () => void called.push(name)]));
  const ignoreLoss = (): void => undefined;
  new SupervisorChannel(new FakeClock()).receive(handlers as never, ignoreLoss);
  const [receive] = process.listeners('message').filter((listener) => !before.includes(listener));
  onTestFinished(() => {
    process.off('disconnect', ignoreLoss);
    if (receive !== undefined) process.off('message', receive);
  });
  await fuzz(300, () =>
    fc.property(supervisorMessage, (message) => {
      called.length = 0;
      receive?.(message, undefined);
      const { type } = (message ?? {}) as { type?: unknown };
      expect(called).toEqual(names.includes(type as never) ? [type] : []);
    }),
  );
});
