import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callControl } from '../../../client/gateway/control-client.js';
import type { ControlRequest } from '../../../shared/control/messages.js';
import { answers, fakeControl, frame, sampleStatus, type Behaviour } from '../../fakes/control-socket.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { machineSlackMs } from '../../helpers/machine-slack.js';

const QUICK = { connectMs: 200, firstFrameMs: 200, totalMs: 400 };

function socketPath(): string {
  const directory = join(tempDir(), 'run');
  mkdirSync(directory, { mode: 0o700 });
  return join(directory, 's');
}

async function askOf(behave: Behaviour, deadlines = QUICK): Promise<unknown> {
  const path = socketPath();
  await fakeControl(path, behave);
  return callControl(path, { type: 'status' }, { deadlines });
}

test('a request gets its result, whatever pieces it comes in', async () => {
  const path = socketPath();
  const status = { ...sampleStatus, version: 'ünïcödé 😀' };
  const { requests } = await fakeControl(path, (socket, request) => {
    const bytes = Buffer.from(frame(request, { type: 'result', result: status }));
    void (async () => {
      for (const byte of bytes) {
        socket.write(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
    })();
  });
  expect(await callControl(path, { type: 'status' })).toEqual(status);
  expect(requests).toEqual([{ v: 1, id: expect.stringMatching(/\S/), type: 'status' }]);
});

test('a status with thousands of accounts is read', async () => {
  const channels = Object.fromEntries(Array.from({ length: 10_000 }, (_account, index) => [`webhook:h${index}`, { state: 'running' }]));
  expect(await askOf(answers({ ...sampleStatus, channels }), { connectMs: 5_000, firstFrameMs: 5_000, totalMs: 5_000 })).toMatchObject({
    channels,
  });
});

test('progress is reported before the result, and frames with other ids are ignored', async () => {
  const path = socketPath();
  await fakeControl(path, (socket, request) => {
    const other = { id: 'other' } as ControlRequest;
    socket.write(
      frame(other, { type: 'result', result: 'not ours' }) +
        frame(request, { type: 'progress', message: 'one' }) +
        frame(request, { type: 'progress', message: 'two' }) +
        frame(request, { type: 'result', result: { ok: 1 } }),
    );
  });
  const told: string[] = [];
  expect(await callControl(path, { type: 'stop' }, { onProgress: ({ message }) => told.push(message) })).toEqual({ ok: 1 });
  expect(told).toEqual(['one', 'two']);
});

test('an error keeps its code and hint', async () => {
  const error = { code: 'STOPPING', message: 'the gateway is stopping', hint: 'wait', details: { pid: 7 } };
  const failing = askOf((socket, request) => void socket.write(frame(request, { type: 'error', error })));
  await expect(failing).rejects.toMatchObject(error);
});

test('an error without an id means that the request was unreadable', async () => {
  const error = { code: 'CONTROL_PROTOCOL', message: 'unknown request' };
  await expect(askOf((socket) => void socket.write(frame({ id: '' }, { type: 'error', error })))).rejects.toMatchObject(error);
});

describe('a peer that is hostile, old or broken', () => {
  const protocol = { code: 'CONTROL_PROTOCOL' };
  const unreachable = { code: 'CONTROL_UNREACHABLE' };
  const result = { type: 'result', result: 1 };

  test.each<[string, Behaviour, object]>([
    ['says nothing', () => undefined, { ...unreachable, details: expect.objectContaining({ timedOut: true }) }],
    ['closes at once', (socket) => void socket.end(), { ...unreachable, details: expect.objectContaining({ closed: true }) }],
    ['tears the connection down', (socket) => void socket.destroy(), unreachable],
    ['sends garbage', (socket) => void socket.write('\u0000\u0001 hello\n'), protocol],
    ['sends a number', (socket) => void socket.write('5\n'), protocol],
    ['sends null', (socket) => void socket.write('null\n'), protocol],
    ['sends HTTP', (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), protocol],
    ['speaks another version', (socket, { id }) => void socket.write(`${JSON.stringify({ v: 99, id, ...result })}\n`), protocol],
    ['speaks no version', (socket, { id }) => void socket.write(`${JSON.stringify({ id, ...result })}\n`), protocol],
    ['sends an unknown type', (socket, request) => void socket.write(frame(request, { type: 5 })), protocol],
    ['sends an error without a message', (socket, request) => void socket.write(frame(request, { type: 'error', error: 7 })), protocol],
    ['sends half a frame and stops', (socket, request) => void socket.write(frame(request, result).slice(0, -3)), unreachable],
    ['answers only others', (socket) => void socket.write(frame({ id: 'x' }, result)), unreachable],
    ['sends one frame of 1,100,000 bytes without an end', (socket) => void socket.write('x'.repeat(1_100_000)), protocol],
  ])('that %s gives an error in time', async (_title, behave, expected) => {
    const startedAt = performance.now();
    await expect(askOf(behave)).rejects.toMatchObject(expected);
    expect(performance.now() - startedAt).toBeLessThan(4_000 + machineSlackMs());
  });

  test('that sends without end is cut off at the cap', async () => {
    const path = socketPath();
    const chunk = 'x'.repeat(65_536);
    let sentBytes = 0;
    await fakeControl(path, (socket) => {
      const pump = (): void => {
        while (!socket.destroyed && sentBytes < 104_857_600) {
          sentBytes += chunk.length;
          if (!socket.write(chunk)) return void socket.once('drain', pump);
        }
      };
      pump();
    });
    const before = process.memoryUsage().rss;
    await expect(callControl(path, { type: 'status' })).rejects.toMatchObject(protocol);
    expect(sentBytes).toBeLessThan(4_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(64_000_000);
  });

  test('that sends progress forever ends at the total deadline', async () => {
    const busy: Behaviour = (socket, request) => {
      const timer = setInterval(() => socket.write(frame(request, { type: 'progress', message: 'still' })), 20);
      socket.on('close', () => clearInterval(timer));
    };
    await expect(askOf(busy)).rejects.toMatchObject({ ...unreachable, details: expect.objectContaining({ timedOut: true }) });
  });

  test('that accepts and never reads ends within the deadlines of a status', async () => {
    const path = socketPath();
    const sockets: Socket[] = [];
    const server = createServer({ pauseOnConnect: true }, (socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const startedAt = performance.now();
    await expect(callControl(path, { type: 'status' })).rejects.toMatchObject(unreachable);
    expect(performance.now() - startedAt).toBeLessThan(3_000 + machineSlackMs());
  });
});

test('a connection that was made while this process did not run counts, although its deadline has passed', async () => {
  const answer = askOf(answers(sampleStatus), { connectMs: 100, firstFrameMs: 5_000, totalMs: 5_000 });
  await new Promise((resolve) => setImmediate(resolve));
  const until = performance.now() + 300;
  while (performance.now() < until);
  expect(await answer).toMatchObject({ pid: sampleStatus.pid });
});

test('an abort ends the wait at once', async () => {
  const path = socketPath();
  await fakeControl(path, () => undefined);
  const waiting = new AbortController();
  const call = callControl(
    path,
    { type: 'stop' },
    { deadlines: { connectMs: 5_000, firstFrameMs: 5_000, totalMs: 5_000 }, signal: waiting.signal },
  );
  setTimeout(() => waiting.abort(), 20);
  const startedAt = performance.now();
  await expect(call).rejects.toMatchObject({ details: { aborted: true } });
  expect(performance.now() - startedAt).toBeLessThan(4_000 + machineSlackMs());
});

test('each call has a connection of its own and leaves none behind', async () => {
  const path = socketPath();
  const control = await fakeControl(path, answers(sampleStatus));
  await Promise.all(Array.from({ length: 20 }, () => callControl(path, { type: 'status' })));
  expect(control.connections()).toBe(20);
  await expect.poll(() => new Promise((resolve) => control.server.getConnections((_error, count) => resolve(count)))).toBe(0);
});

describe('where there is no socket of ours', () => {
  const notRunning = expect.objectContaining({ code: 'NOT_RUNNING' });
  const distrusted = expect.objectContaining({ code: 'CONTROL_UNREACHABLE' });
  const ask = (path: string): Promise<unknown> => callControl(path, { type: 'status' });

  test('an absent path, a plain file and a socket that nobody listens on mean "not running"', async () => {
    const path = socketPath();
    await expect(ask(path)).rejects.toEqual(notRunning);
    await expect(ask(join(path, 'below'))).rejects.toEqual(notRunning);
    writeFileSync(path, '');
    await expect(ask(path)).rejects.toEqual(notRunning);
  });

  test('a directory that others may write to is not trusted', async () => {
    const path = socketPath();
    const control = await fakeControl(path, answers(sampleStatus));
    chmodSync(join(path, '..'), 0o777);
    await expect(ask(path)).rejects.toEqual(distrusted);
    expect(control.connections()).toBe(0);
  });

  test('a symlink to a socket is not followed', async () => {
    const path = socketPath();
    const control = await fakeControl(path, answers(sampleStatus));
    symlinkSync(path, `${path}.link`);
    await expect(ask(`${path}.link`)).rejects.toEqual(notRunning);
    expect(control.connections()).toBe(0);
  });

  test.runIf(process.getuid?.() === 0)("another user's socket is not connected to", async () => {
    const path = socketPath();
    const control = await fakeControl(path, answers(sampleStatus));
    chownSync(path, 12_345, 12_345);
    await expect(ask(path)).rejects.toMatchObject({ code: 'CONTROL_UNREACHABLE', message: expect.stringContaining('12345') });
    expect(control.connections()).toBe(0);
  });
});
