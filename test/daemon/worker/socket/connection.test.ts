import { expect, onTestFinished, test } from 'vitest';
import type { WebSocket } from 'ws';
import type { ChatService } from '../../../../daemon/worker/chat/chat.js';
import { Connection, type ConnectionDeps } from '../../../../daemon/worker/socket/connection.js';
import { createFrameParser } from '../../../../daemon/worker/socket/frames.js';
import { GatewayError } from '../../../../shared/errors.js';
import { SOCKET_LIMITS } from '../../../../shared/socket.js';
import { fakeChatService } from '../../../helpers/fake-chat.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { FakeSocket, type Frame } from '../../../helpers/fake-socket.js';
import { logMemory } from '../../../helpers/log-memory.js';

type Authenticate = ConnectionDeps['authenticate'];

const ANYBODY = { tokenId: undefined, beginTurn: () => Promise.resolve() };

function connect(options: { authenticate?: Authenticate; chat?: Partial<ChatService>; follow?: ConnectionDeps['events']['follow'] } = {}) {
  const socket = new FakeSocket();
  const clock = new FakeClock();
  const logger = logMemory();
  const calls: { name: string; input: unknown }[] = [];
  const connection = new Connection(socket as unknown as WebSocket, {
    chat: { ...fakeChatService(calls), ...options.chat },
    events: { follow: options.follow ?? async function* () {} },
    clock,
    logger: { ...logger, debug: logger.info },
    identity: { instanceId: 'wk_1', version: '1.0.0', buildId: 'b1' },
    parse: createFrameParser(),
    authenticate: options.authenticate ?? (() => Promise.resolve(ANYBODY)),
  });
  onTestFinished(() => connection.terminate());
  let lastId = 0;
  const sendText = (text: string, isBinary = false): boolean => socket.emit('message', Buffer.from(text), isBinary);
  const send = (type: string, body: object = {}): string => {
    lastId += 1;
    sendText(JSON.stringify({ v: 1, id: `c${lastId}`, type, ...body }));
    return `c${lastId}`;
  };
  const next = async (type: string): Promise<Frame | undefined> => {
    await expect.poll(() => socket.frames.some((frame) => frame.type === type)).toBe(true);
    return socket.frames.findLast((frame) => frame.type === type);
  };
  return { socket, clock, logger, calls, connection, send, sendText, next };
}

async function greeted(options: Parameters<typeof connect>[0] = {}) {
  const peer = connect(options);
  peer.send('hello');
  await peer.next('hello');
  return peer;
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const never: Authenticate = () => new Promise(() => {});
const refuse =
  (error: Error): Authenticate =>
  () =>
    Promise.reject(error);
const key = 'main:webchat:default:direct:me';

test('a connection without a hello is closed with 4401 at the deadline, and not before', () => {
  const { socket, clock } = connect();
  clock.advance(SOCKET_LIMITS.helloTimeoutMs - 1);
  expect(socket.closedWith).toBeUndefined();
  clock.advance(1);
  expect(socket.closedWith).toEqual([4401, 'no hello in time']);
});

test.each([
  ['text that is not JSON', 'x', false],
  ['a frame without a type', '{}', false],
  ['another frame', JSON.stringify({ v: 1, id: 'a', type: 'ping' }), false],
  ['a binary frame', '{}', true],
])('%s before the hello closes the connection with 4403', async (_name, text, isBinary) => {
  const { socket, sendText, send } = connect();
  sendText(text, isBinary);
  await tick();
  expect(socket.closedWith?.[0]).toBe(4403);
  send('hello');
  await tick();
  expect(socket.frames).toEqual([]);
});

test('a hello ends the wait for it, also while it is still being checked', async () => {
  const { socket, clock, send } = connect({ authenticate: never });
  send('hello');
  clock.advance(SOCKET_LIMITS.helloTimeoutMs);
  send('ping');
  await tick();
  expect(socket.closedWith).toBeUndefined();
  expect(socket.frames).toEqual([]);
});

test.each([
  [new GatewayError('UNAUTHORIZED', { message: 'wrong' }), 'UNAUTHORIZED', 4401],
  [new GatewayError('RATE_LIMITED', { message: 'too many' }), 'RATE_LIMITED', 4429],
  [new GatewayError('FORBIDDEN', { message: 'not allowed' }), 'FORBIDDEN', 4401],
  // Whether the token is right is unknown.
  [new GatewayError('UNAVAILABLE', { message: 'the database is away' }), 'UNAVAILABLE', 1011],
  [new Error('secret'), 'INTERNAL_ERROR', 1011],
])('a hello that is refused with %s is answered, then closed', async (error, code, closeCode) => {
  const { socket, send, logger, calls } = connect({ authenticate: refuse(error) });
  const re = send('hello');
  send('stop', { session: key });
  await expect.poll(() => socket.closedWith?.[0]).toBe(closeCode);
  await tick();
  expect(socket.frames).toMatchObject([{ type: 'error', re, error: { code } }]);
  expect(JSON.stringify(socket.frames)).not.toContain('secret');
  expect(logger.entries.some(({ level }) => level === 'error')).toBe(code === 'INTERNAL_ERROR');
  expect(calls).toEqual([]);
});

test('frames that follow the hello wait for its result', async () => {
  let admit = (): void => undefined;
  const { socket, send, calls } = connect({ authenticate: () => new Promise((resolve) => (admit = () => resolve(ANYBODY))) });
  send('hello');
  send('stop', { session: key });
  await tick();
  expect(calls).toEqual([]);
  admit();
  await expect.poll(() => socket.frames.map(({ type }) => type)).toEqual(['hello', 'stopped']);
});

test('a connection that ends while its hello is checked is never opened', async () => {
  let admit = (): void => undefined;
  const { socket, send } = connect({ authenticate: () => new Promise((resolve) => (admit = () => resolve(ANYBODY))) });
  send('hello');
  socket.emit('close');
  admit();
  await tick();
  expect(socket.frames).toEqual([]);
});

test('an open connection answers each frame, and refuses a second hello and an invalid frame by id', async () => {
  const { send, sendText, next, socket } = await greeted();
  const sent = send('send', { session: key, key: 'k1', content: 'hi' });
  expect(await next('sent')).toMatchObject({ re: sent, messageId: 'msg_k1', repeated: false });
  const stopped = send('stop', { session: key });
  expect(await next('stopped')).toMatchObject({ re: stopped, stopped: true });
  const ping = send('ping');
  expect(await next('pong')).toMatchObject({ re: ping });
  send('hello');
  expect((await next('error'))?.error?.code).toBe('CONFLICT');
  sendText('{"v":1,"id":"bad","type":"jump"}');
  await expect.poll(() => socket.frames.at(-1)).toMatchObject({ type: 'error', re: 'bad', error: { code: 'INVALID_REQUEST' } });
  expect(socket.closedWith).toBeUndefined();
});

test('a watch sends the events of its session until unwatch, and a failed watch sends an error', async () => {
  const signals: AbortSignal[] = [];
  const chat: Partial<ChatService> = {
    async *watch(session, position, signal) {
      if (session === 'gone') throw new GatewayError('SESSION_NOT_FOUND', { message: 'no' });
      signals.push(signal);
      yield { type: 'delta', turn: 't1', at: position.turn?.length ?? 0, text: 'hi' };
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('not read'))));
    },
    isAnswering: () => true,
  };
  const { socket, connection, send, next } = await greeted({ chat });
  send('watch', { session: key, after: 3, turn: { id: 't1', length: 7, tools: 0 } });
  expect(await next('delta')).toMatchObject({ session: key, turn: 't1', at: 7, text: 'hi' });
  expect(connection.isListening).toBe(true);
  send('unwatch', { session: key });
  expect(await next('unwatched')).toMatchObject({ session: key });
  await expect.poll(() => connection.isListening).toBe(false);
  expect(signals[0]?.aborted).toBe(true);
  // The client may watch the session again already.
  expect(socket.frames.filter(({ type }) => type === 'error')).toEqual([]);
  const re = send('watch', { session: 'gone' });
  expect(await next('error')).toMatchObject({ re, session: 'gone', error: { code: 'SESSION_NOT_FOUND' } });
});

test('one more watch than allowed is refused; the end of the connection ends all', async () => {
  const signals: AbortSignal[] = [];
  const chat: Partial<ChatService> = {
    async *watch(_session, _position, signal) {
      signals.push(signal);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      yield* [];
    },
  };
  const { socket, send, next } = await greeted({ chat });
  for (let index = 0; index <= SOCKET_LIMITS.maxWatchedSessions; index += 1) send('watch', { session: `s${index}` });
  // The page has to know which one, to watch it later.
  const session = `s${SOCKET_LIMITS.maxWatchedSessions}`;
  expect(await next('error')).toMatchObject({ session, error: { code: 'RATE_LIMITED' } });
  expect(signals).toHaveLength(SOCKET_LIMITS.maxWatchedSessions);
  socket.emit('close');
  expect(signals.every(({ aborted }) => aborted)).toBe(true);
});

test('more frames than allowed in a window close the connection with 4429; the count restarts with each window', async () => {
  const { connection, socket, sendText } = await greeted();
  for (let index = 1; index < SOCKET_LIMITS.maxFramesPerWindow; index += 1) sendText('x');
  connection.beginWindow();
  for (let index = 0; index < SOCKET_LIMITS.maxFramesPerWindow; index += 1) sendText('x');
  expect(socket.closedWith).toBeUndefined();
  sendText('x');
  expect(socket.closedWith).toEqual([4429, 'too many frames']);
});

test('a client that does not read is dropped with 4429 after the stall time', async () => {
  const { socket, clock, send } = await greeted();
  await tick();
  socket.isReading = false;
  send('ping');
  await expect.poll(() => socket.frames.at(-1)?.type).toBe('pong');
  clock.advance(SOCKET_LIMITS.stallTimeoutMs - 1);
  expect(socket.isTerminated).toBe(false);
  clock.advance(1);
  expect(socket.closedWith?.[0]).toBe(4429);
  expect(socket.isTerminated).toBe(true);
});

test('a peer that answers neither a ping nor with a frame is dropped at the next beat', async () => {
  const { connection, socket, send } = await greeted();
  connection.beat();
  socket.emit('pong');
  connection.beat();
  send('ping');
  connection.beat();
  expect(socket.isTerminated).toBe(false);
  expect(socket.pings).toBe(3);
  connection.beat();
  expect(socket.isTerminated).toBe(true);
});

test('gateway events are sent from the resumed one on; nothing is sent after a close', async () => {
  const resumed: unknown[] = [];
  let publish = (): void => undefined;
  const { connection, socket, send, next } = connect({
    async *follow(lastEventId) {
      resumed.push(lastEventId);
      yield { id: 'e1', type: 'session', data: { change: 'created' } };
      await new Promise<void>((resolve) => (publish = resolve));
      yield { id: 'e2', type: 'session', data: { change: 'deleted' } };
    },
  });
  send('hello', { resume: 'e0' });
  expect(await next('event')).toMatchObject({ event: 'e1', name: 'session', data: { change: 'created' } });
  expect(resumed).toEqual(['e0']);
  await tick();
  connection.close(1012, 'the gateway is restarting');
  publish();
  await tick();
  expect(socket.frames.filter(({ type }) => type === 'event')).toHaveLength(1);
  expect(socket.closedWith).toEqual([1012, 'the gateway is restarting']);
});
