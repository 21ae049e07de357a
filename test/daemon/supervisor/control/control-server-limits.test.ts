import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ControlHandler } from '../../../../daemon/supervisor/control/control-server.js';
import { MAX_FRAME_BYTES } from '../../../../shared/control/messages.js';
import { ControlClient, serveControl } from '../../../helpers/control-socket.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const echo: ControlHandler = (request) => Promise.resolve(request.id);
const STATUS = `${JSON.stringify({ v: 1, id: 'r', type: 'status' })}\n`;

/** A request of exactly that many bytes, without its newline. */
function frameOf(bytes: number): string {
  const head = '{"v":1,"id":"r","type":"status","pad":"';
  return `${head}${'x'.repeat(bytes - head.length - 2)}"}`;
}

async function expectAlive(path: string): Promise<void> {
  const client = await ControlClient.connect(path);
  expect(await client.ask({ id: 'still', type: 'status' })).toMatchObject({ id: 'still', type: 'result' });
  client.socket.destroy();
}

describe('a frame', () => {
  test('of 64 KiB is served', async () => {
    const { path } = await serveControl(echo);
    const client = await ControlClient.connect(path);
    client.write(`${frameOf(MAX_FRAME_BYTES)}\n`);
    expect(await client.received(1)).toMatchObject([{ type: 'result' }]);
  });

  test.each([
    ['of 64 KiB and one byte', `${frameOf(MAX_FRAME_BYTES + 1)}\n`],
    ['of 64 KiB and one byte that has not ended yet', frameOf(MAX_FRAME_BYTES + 1)],
    [
      'whose bytes are too many although its characters are not',
      `${JSON.stringify({ v: 1, id: 'r', type: 'status', pad: 'ä'.repeat(40_000) })}\n`,
    ],
  ])('%s ends the connection', async (_what, text) => {
    const { path, errors } = await serveControl(echo);
    const client = await ControlClient.connect(path);
    client.write(text);
    await client.closed;
    expect(client.frames).toEqual([]);
    expect(errors).toEqual([]);
    await expectAlive(path);
  });

  test.each([
    ['garbage', '\0\x01\x02 not json\n'],
    ['no object', '[1,2,3]\n'],
    ['an unknown request', '{"v":1,"id":"r","type":"explode"}\n'],
    ['what ends a node-ipc peer', '{"type":5}\f\n'],
  ])('that is %s is answered with CONTROL_PROTOCOL, and nothing behind it is done', async (_what, text) => {
    const done: string[] = [];
    const { path } = await serveControl((request) => Promise.resolve(void done.push(request.type)));
    const client = await ControlClient.connect(path);
    client.write(`${text}${JSON.stringify({ v: 1, id: 'r', type: 'stop' })}\n`);
    expect(await client.received(1)).toMatchObject([{ type: 'error', error: { code: 'CONTROL_PROTOCOL' } }]);
    await client.closed;
    expect(client.frames).toHaveLength(1);
    expect(done).toEqual([]);
    await expectAlive(path);
  });
});

/** Writes as fast as the other end takes it, until that many bytes are out or the connection is over. */
async function flood(client: ControlClient, chunk: Buffer, totalBytes: number): Promise<number> {
  let written = 0;
  while (written < totalBytes && !client.socket.destroyed) {
    written += chunk.length;
    const isOver = await new Promise<boolean>((resolve) => {
      client.socket.write(chunk, (error) => resolve(error !== null && error !== undefined));
      client.socket.once('close', () => resolve(true));
    });
    client.socket.removeAllListeners('drain');
    if (isOver) break;
  }
  return written;
}

describe('a flood of 100 MiB', () => {
  const TOTAL = 100 * 1_048_576;

  test.each([
    ['without a newline', Buffer.alloc(1_048_576, 'x')],
    ['of newlines', Buffer.alloc(1_048_576, '\n')],
    ['of requests whose answers nobody reads', Buffer.from(STATUS.repeat(20_000))],
  ])('%s ends the connection early and leaves no memory behind', async (_what, chunk) => {
    const { path } = await serveControl(() => Promise.resolve('y'.repeat(2_000)));
    const client = await ControlClient.connect(path);
    client.socket.setMaxListeners(0);
    client.socket.pause();
    const before = process.memoryUsage.rss();
    const written = await flood(client, chunk, TOTAL);
    expect(written).toBeLessThan(TOTAL / 4);
    expect(process.memoryUsage.rss() - before).toBeLessThan(60 * 1_048_576);
    await expectAlive(path);
  });
});

describe('limits of one connection', () => {
  test('one request more than may run at once ends it', async () => {
    const { path } = await serveControl(() => new Promise(() => undefined), { limits: { maxPending: 3 } });
    const client = await ControlClient.connect(path);
    client.write(STATUS.repeat(4));
    await client.closed;
    expect(client.frames).toEqual([]);
  });

  test('answers that it does not read end it', async () => {
    const { path } = await serveControl(() => Promise.resolve('y'.repeat(60_000)), { limits: { maxUnreadBytes: 100_000 } });
    const client = await ControlClient.connect(path);
    client.socket.pause();
    const requests = setInterval(() => client.write(STATUS), 1);
    await client.closed;
    clearInterval(requests);
    expect(client.frames).toEqual([]);
    await expectAlive(path);
  });

  test('one that asks nothing is closed', async () => {
    const { path } = await serveControl(echo, { limits: { idleMs: 50 } });
    const startedAt = performance.now();
    const client = await ControlClient.connect(path);
    await client.closed;
    expect(performance.now() - startedAt).toBeGreaterThan(40);
  });

  test('one that waits for an answer is not, however long it takes; once it has it, it is', async () => {
    const answers: (() => void)[] = [];
    const { path } = await serveControl(() => new Promise((resolve) => answers.push(() => resolve('late'))), { limits: { idleMs: 50 } });
    const client = await ControlClient.connect(path);
    client.write(STATUS + STATUS);
    const idle = await ControlClient.connect(path);
    await idle.closed;
    answers[0]?.();
    await client.received(1);
    await (
      await ControlClient.connect(path)
    ).closed;
    expect(client.socket.destroyed).toBe(false);
    answers[1]?.();
    await client.received(2);
    await client.closed;
  });
});

test('500 clients at once are all answered', async () => {
  const { path } = await serveControl(echo);
  const clients = await Promise.all(Array.from({ length: 500 }, () => ControlClient.connect(path)));
  const answers = await Promise.all(clients.map((client, index) => client.ask({ id: `r${index}`, type: 'status' })));
  expect(answers.map((frame) => frame?.['result'])).toEqual(clients.map((_client, index) => `r${index}`));
  await expectAlive(path);
});

test('connections beyond the limit are closed, and the place of one that has left is free', async () => {
  const { path } = await serveControl(echo, { limits: { maxConnections: 2 } });
  const [first] = await Promise.all([ControlClient.connect(path), ControlClient.connect(path)]);
  await first.ask({ id: 'r1', type: 'status' });
  const third = await ControlClient.connect(path);
  await third.closed;
  expect(first.socket.destroyed).toBe(false);
  first.socket.destroy();
  await first.closed;
  await expectAlive(path);
});

test('while servers take the path over from each other, no connection fails and each is answered', async () => {
  const path = join(tempDir(), 'control.sock');
  const failures: string[] = [];
  const answeredBy = new Map<number, unknown>();
  let isOver = false;
  const ask = (): Promise<string> => {
    const socket = connect(path);
    return new Promise((resolve) => {
      socket.once('error', (error) => resolve(`failed: ${error.message}`));
      socket.once('close', () => resolve('failed: closed without an answer'));
      socket.once('data', (chunk) => {
        resolve(chunk.toString());
        socket.destroy();
      });
      socket.write(STATUS);
    });
  };
  const client = async (number: number): Promise<void> => {
    while (!isOver) {
      const text = await ask();
      if (text.startsWith('failed')) failures.push(text);
      else answeredBy.set(number, (JSON.parse(text) as { result: unknown }).result);
    }
  };
  let before = await serveControl(() => Promise.resolve(0), { path });
  const clients = Array.from({ length: 8 }, (_client, number) => client(number));
  for (let generation = 1; generation <= 20; generation += 1) {
    before.server.handOver();
    const next = await serveControl(() => Promise.resolve(generation), { path });
    // As a predecessor does, the old one lives until nobody can be on the way to it any more.
    answeredBy.clear();
    while (failures.length === 0 && [...answeredBy.values()].filter((by) => by === generation).length < 8) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    before.server.close();
    before = next;
  }
  isOver = true;
  await Promise.all(clients);
  expect(failures).toEqual([]);
  expect([...answeredBy.values()]).toEqual(Array(8).fill(20));
});

test('a server that takes its path back keeps the connections that it has', async () => {
  const { path, server } = await serveControl(echo);
  const client = await ControlClient.connect(path);
  server.handOver();
  await server.start();
  expect(await client.ask({ id: 'r1', type: 'status' })).toMatchObject({ result: 'r1' });
  await expectAlive(path);
});
