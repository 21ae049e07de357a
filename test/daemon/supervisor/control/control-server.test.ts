import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ControlHandler } from '../../../../daemon/supervisor/control/control-server.js';
import { ControlServer } from '../../../../daemon/supervisor/control/control-server.js';
import { GatewayError } from '../../../../shared/errors.js';
import { ControlClient, serveControl } from '../../../helpers/control-socket.js';
import { tempDir } from '../../../helpers/temp-dir.js';

/** Answers with the request itself. */
const echo: ControlHandler = (request) => Promise.resolve(request);

describe('an answer', () => {
  test('carries the request’s id, after its progress', async () => {
    const { path } = await serveControl((_request, progress) => {
      progress('a new worker starts');
      progress('it accepts');
      return Promise.resolve({ done: true });
    });
    const client = await ControlClient.connect(path);
    client.send({ id: 'r1', type: 'restart' });
    expect(await client.received(3)).toEqual([
      { v: 1, id: 'r1', type: 'progress', message: 'a new worker starts' },
      { v: 1, id: 'r1', type: 'progress', message: 'it accepts' },
      { v: 1, id: 'r1', type: 'result', result: { done: true } },
    ]);
  });

  test.each([
    [
      'a coded error',
      () => Promise.reject(new GatewayError('STOPPING', { message: 'it stops', hint: 'wait', details: { pid: 1 } })),
      'STOPPING',
      'it stops',
    ],
    ['any other error', () => Promise.reject(new Error('oops')), 'INTERNAL_ERROR', 'oops'],
    [
      'an error thrown at once',
      () => {
        throw new Error('at once');
      },
      'INTERNAL_ERROR',
      'at once',
    ],
  ])('is an error frame for %s', async (...[, handler, code, message]) => {
    const { path } = await serveControl(handler);
    const client = await ControlClient.connect(path);
    expect(await client.ask({ id: 'r1', type: 'status' })).toMatchObject({ id: 'r1', type: 'error', error: { code, message } });
  });

  test('of several requests on one connection comes when it is there, each with its id', async () => {
    const waiting = new Map<string, () => void>();
    const { path } = await serveControl((request) => new Promise((resolve) => waiting.set(request.id, () => resolve(request.type))));
    const client = await ControlClient.connect(path);
    client.send({ id: 'slow', type: 'restart' });
    client.send({ id: 'quick', type: 'status' });
    while (waiting.size < 2) await new Promise((resolve) => setImmediate(resolve));
    waiting.get('quick')?.();
    await client.received(1);
    waiting.get('slow')?.();
    expect((await client.received(2)).map(({ id }) => id)).toEqual(['quick', 'slow']);
  });

  test('is dropped when the client has disconnected', async () => {
    let answer: () => void = () => undefined;
    const { path, errors } = await serveControl((request) =>
      request.type === 'status' ? Promise.resolve('alive') : new Promise((resolve) => (answer = () => resolve('x'.repeat(50_000)))),
    );
    const client = await ControlClient.connect(path);
    client.send({ id: 'r1', type: 'restart' });
    const other = await ControlClient.connect(path);
    await other.ask({ id: 'r2', type: 'status' });
    client.socket.destroy();
    await client.closed;
    answer();
    expect(await other.ask({ id: 'r3', type: 'status' })).toMatchObject({ result: 'alive' });
    expect(errors).toEqual([]);
  });
});

test('frames may be cut anywhere, in the middle of a character too', async () => {
  const { path } = await serveControl(echo);
  const client = await ControlClient.connect(path);
  const ids = ['a', 'ä', '🤖', '{"\\n"}'];
  const bytes = Buffer.from(ids.map((id) => `${JSON.stringify({ v: 1, id, type: 'status' })}\n`).join(''));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 6 }), async (cuts) => {
      client.frames.length = 0;
      const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      for (let index = 1; index < at.length; index += 1) {
        client.write(bytes.subarray(at[index - 1], at[index]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const frames = await client.received(ids.length);
      expect(frames.map(({ id }) => id)).toEqual(ids);
    }),
    { numRuns: 50 },
  );
  client.frames.length = 0;
  for (const byte of bytes) client.write(Buffer.from([byte]));
  expect((await client.received(ids.length)).map(({ id }) => id)).toEqual(ids);
});

describe('the socket', () => {
  test('is this user’s alone', async () => {
    const { path } = await serveControl(echo);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(lstatSync(path).isSocket()).toBe(true);
  });

  test('takes the place of a stale one and removes what killed starts left', async () => {
    const path = join(tempDir(), 'control.sock');
    for (const name of [path, `${path}.4711`, `${path}.${process.pid}`]) writeFileSync(name, '');
    writeFileSync(`${path}.keep`, '');
    await serveControl(echo, { path });
    expect(readdirSync(dirname(path)).toSorted()).toEqual(['control.sock', 'control.sock.keep']);
  });

  test('that cannot be bound says why', async () => {
    const directory = join(tempDir(), 'gone');
    mkdirSync(directory);
    const server = new ControlServer({ path: join(directory, 's'), handler: echo, onError: () => undefined });
    onTestFinished(() => server.close());
    const long = new ControlServer({ path: join(directory, 'x'.repeat(200)), handler: echo, onError: () => undefined });
    rmSync(directory, { recursive: true });
    await expect(server.start()).rejects.toThrow(/ENOENT/);
    await expect(long.start()).rejects.toThrow(/ENOENT|ENAMETOOLONG|EINVAL/);
  });

  test('is removed at the end, the connections after their last answer', async () => {
    const { path, server } = await serveControl(() => Promise.resolve('x'.repeat(60_000)));
    const client = await ControlClient.connect(path);
    const asked = client.ask({ id: 'r1', type: 'stop' });
    while (client.socket.bytesRead === 0) await new Promise((resolve) => setImmediate(resolve));
    server.close();
    expect(await asked).toMatchObject({ type: 'result' });
    await client.closed;
    expect(existsSync(path)).toBe(false);
    server.close();
  });

  test('is not removed where it is somebody else’s by now', async () => {
    const { path, server } = await serveControl(echo);
    const next = await serveControl(echo, { path });
    server.close();
    const client = await ControlClient.connect(next.path);
    expect(await client.ask({ id: 'r1', type: 'status' })).toMatchObject({ id: 'r1' });
  });
});

test('a directory in its place is reported, and no listener or file is left', async () => {
  const path = join(tempDir(), 'gateway.sock');
  mkdirSync(path);
  const server = new ControlServer({ path, handler: echo, onError: () => undefined });
  await expect(server.start()).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`directory is in the place of the control socket ${path}`),
  });
  expect(readdirSync(dirname(path))).toEqual(['gateway.sock']);
});

test('a path that was removed is taken back, one that still leads to us is left alone, and one that was handed over too', async () => {
  const { path, server } = await serveControl(echo);
  const { ino } = statSync(path);
  await server.heal();
  expect(statSync(path).ino).toBe(ino);
  rmSync(path);
  await server.heal();
  const client = await ControlClient.connect(path);
  expect(await client.ask({ id: 'r1', type: 'status' })).toMatchObject({ type: 'result' });
  server.handOver();
  rmSync(path);
  await server.heal();
  expect(existsSync(path)).toBe(false);
});

test('a path handed over while it is reclaimed belongs to the successor', async () => {
  const { path, server } = await serveControl(echo);
  rmSync(path);
  const healing = server.heal();
  server.handOver();
  await healing;
  expect(readdirSync(dirname(path))).toEqual([]);
});
