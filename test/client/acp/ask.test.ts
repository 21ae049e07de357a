import { EventEmitter } from 'node:events';
import type { SessionUpdate } from '@agentclientprotocol/sdk';
import { expect, test } from 'vitest';
import { ask, stop } from '../../../client/acp/ask.js';
import type { ClientSocket } from '../../../client/acp/chat-connection.js';
import { GatewayError } from '../../../shared/errors.js';

type SentFrame = { readonly type: string } & Record<string, unknown>;

class FakeSocket extends EventEmitter {
  readonly sent: SentFrame[] = [];
  readonly url: string;
  isOpen = false;
  isEnded = false;
  readonly #onSend: (sent: SentFrame, socket: FakeSocket) => void;

  constructor(url: string, onSend: (sent: SentFrame, socket: FakeSocket) => void) {
    super();
    this.url = url;
    this.#onSend = onSend;
    setImmediate(() => {
      this.isOpen = true;
      this.emit('open');
    });
  }

  send(text: string): void {
    if (!this.isOpen) throw new Error('WebSocket is not open: readyState 0 (CONNECTING)');
    const sent = JSON.parse(text) as SentFrame;
    this.sent.push(sent);
    this.#onSend(sent, this);
  }

  terminate(): void {
    this.isEnded = true;
  }

  say(...frames: object[]): void {
    for (const frame of frames) this.emit('message', Buffer.from(JSON.stringify({ v: 1, id: 'x', session: 's', ...frame })));
  }
}

const QUESTION = { type: 'message', seq: 5, message: { id: 'q', role: 'user', content: 'Hi', status: 'complete' } };
const SENT = { type: 'sent', re: 'send', messageId: 'q', repeated: false };
const END = { type: 'turn', turn: 't', state: 'done' };

/** Asks through sockets that behave as the test says, each by its number. */
function begin(
  onSend: (sent: SentFrame, socket: FakeSocket, number: number) => void,
  { content = 'Hi', onConnecting = () => undefined }: { content?: string; onConnecting?: (number: number) => void } = {},
) {
  const made: FakeSocket[] = [];
  const updates: SessionUpdate[] = [];
  const seen = { approvals: 0 };
  const [cancel, leave] = [new AbortController(), new AbortController()];
  class WebSocket extends FakeSocket {
    constructor(url: string) {
      const number = made.length;
      super(url, (sent, socket) => onSend(sent, socket, number));
      made.push(this);
      queueMicrotask(() => onConnecting(number));
    }
  }
  const end = ask({
    locate: () => Promise.resolve({ host: '::1', port: 7, token: 'secret' }),
    sockets: { WebSocket: WebSocket as unknown as new (url: string) => ClientSocket },
    session: 's',
    content,
    cancelled: cancel.signal,
    gone: leave.signal,
    onUpdate: (update) => void updates.push(update),
    onApprovals: () => void (seen.approvals += 1),
  });
  return { made, updates, seen, cancel, leave, end };
}

test('a connection that is lost is opened again, with the same key and from where it was', async () => {
  const { end, made } = begin((sent, socket, number) => {
    if (sent.type === 'send') socket.say(SENT);
    if (sent.type !== 'watch') return;
    if (number === 0) {
      socket.say(QUESTION, { type: 'turn', turn: 't', state: 'running', at: 0 }, { type: 'delta', turn: 't', at: 0, text: 'one ' });
      socket.emit('close', 1012, Buffer.alloc(0));
    } else socket.say({ type: 'delta', turn: 't', at: 4, text: 'two' }, END);
  });
  expect(await end).toEqual({ state: 'done' });
  const [first, second] = made.map(({ sent }) => sent);
  expect(made.map(({ url, isEnded }) => [url, isEnded])).toEqual([
    ['ws://[::1]:7/ws', true],
    ['ws://[::1]:7/ws', true],
  ]);
  expect(first?.map(({ type }) => type)).toEqual(['hello', 'send', 'watch']);
  expect(first?.[0]).toMatchObject({ token: 'secret' });
  expect(second?.[1]).toEqual(first?.[1]);
  expect(second?.[2]).toMatchObject({ session: 's', after: 5, turn: { id: 't', length: 4, tools: 0 } });
});

test('a prompt that is cancelled stops its own answer, when that has begun', async () => {
  const others = [
    { type: 'turn', turn: 'other', state: 'running', at: 0 },
    { ...END, turn: 'other' },
  ];
  let stops = 0;
  const { end, made, cancel } = begin((sent, socket) => {
    if (sent.type === 'send') socket.say(SENT);
    if (sent.type === 'watch') {
      cancel.abort();
      socket.say(...others, QUESTION);
    }
    if (sent.type !== 'stop') return;
    // The answer has begun, so the prompt cannot be taken back.
    if ('key' in sent) return socket.say({ type: 'stopped', re: 'withdraw', stopped: false });
    stops += 1;
    if (stops === 2) socket.say({ ...END, state: 'aborted' });
    else socket.say({ type: 'turn', turn: 't', state: 'running', at: 0 });
  });
  expect(await end).toEqual({ state: 'aborted' });
  expect(made[0]?.sent.map(({ type }) => type)).toEqual(['hello', 'send', 'watch', 'stop', 'stop', 'stop']);
});

test('a prompt that is cancelled while another answer is given is taken back, and ends at once', async () => {
  const { end, made, cancel } = begin((sent, socket) => {
    if (sent.type === 'hello') cancel.abort();
    if (sent.type === 'send') socket.say(SENT);
    if (sent.type === 'watch') socket.say({ type: 'turn', turn: 'other', state: 'running', at: 0 });
    if (sent.type === 'stop') socket.say({ type: 'stopped', re: sent['id'], stopped: true });
  });
  expect(await end).toEqual({ state: 'aborted' });
  const frames = made[0]?.sent ?? [];
  expect(frames.map(({ type }) => type)).toEqual(['hello', 'send', 'stop', 'watch']);
  expect(frames[2]).toMatchObject({ session: 's', key: frames[1]?.['key'] });
});

test('a prompt that is cancelled while its connection is opened again stops its answer once that is open', async () => {
  const { end, made, cancel } = begin(
    (sent, socket, number) => {
      if (sent.type === 'send') socket.say(SENT);
      if (sent.type === 'stop') socket.say({ ...END, state: 'aborted' });
      if (sent.type !== 'watch' || number > 0) return;
      socket.say(QUESTION, { type: 'turn', turn: 't', state: 'running', at: 0 });
      socket.emit('close', 1012, Buffer.alloc(0));
    },
    { onConnecting: (number) => void (number === 1 && cancel.abort()) },
  );
  expect(await end).toEqual({ state: 'aborted' });
  expect(made[1]?.sent.map(({ type }) => type)).toEqual(['hello', 'send', 'stop', 'watch']);
});

test('what waits in a session without a prompt is stopped', async () => {
  const made: FakeSocket[] = [];
  class WebSocket extends FakeSocket {
    constructor(url: string) {
      super(url, (sent, socket) => {
        if (sent.type === 'stop') socket.say({ type: 'stopped', re: 'stop', stopped: true });
      });
      made.push(this);
    }
  }
  const sockets = { WebSocket: WebSocket as unknown as new (url: string) => ClientSocket };
  await stop({ locate: async () => ({ host: '::1', port: 7, token: 'secret' }), sockets, session: 's' });
  expect([made[0]?.sent.map(({ type }) => type), made[0]?.sent[1]?.['session'], made[0]?.isEnded]).toEqual([['hello', 'stop'], 's', true]);
});

test('a turn that waits for a decision goes on, and ends with a cancel', async () => {
  const approval = { type: 'event', event: '1', name: 'approval', data: { session: 's', state: 'pending' } };
  const waiting = { type: 'turn', turn: 't', state: 'waiting' };
  const { end, seen, cancel } = begin((sent, socket) => {
    if (sent.type === 'send') socket.say(SENT);
    if (sent.type === 'stop') socket.say({ type: 'stopped', re: 'stop', stopped: true });
    if (sent.type !== 'watch') return;
    socket.say(QUESTION, { type: 'current', hasOlder: false }, { ...approval, data: { session: 'other' } }, approval, waiting);
    socket.say({ type: 'turn', turn: 'u', state: 'running', at: 0 }, waiting);
    cancel.abort();
  });
  expect([await end, seen.approvals]).toEqual([{ state: 'aborted' }, 2]);
});

test('what another try cannot cure is the answer at once', async () => {
  const failing = (frame: object) => begin((sent, socket) => void (sent.type === 'send' && socket.say(frame))).end;
  await expect(failing({ type: 'error', re: 'send', error: { code: 'SESSION_NOT_FOUND', message: 'no session s' } })).rejects.toMatchObject(
    { code: 'SESSION_NOT_FOUND' },
  );
  const closed = begin((sent, socket) => void (sent.type === 'hello' && socket.emit('close', 4401, Buffer.from('the token is wrong'))));
  await expect(closed.end).rejects.toMatchObject({ code: 'UNAUTHORIZED', message: 'the token is wrong' });
  const large = begin(() => undefined, { content: 'x'.repeat(2_000_000) });
  await expect(large.end).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  const absent = ask({
    ...({} as Parameters<typeof ask>[0]),
    locate: () => Promise.reject(new GatewayError('NOT_RUNNING', { message: 'no gateway' })),
    gone: new AbortController().signal,
    cancelled: new AbortController().signal,
  });
  await expect(absent).rejects.toMatchObject({ code: 'NOT_RUNNING' });
});

test('an editor that leaves ends the wait', async () => {
  const left = begin((sent) => void (sent.type === 'send' && left.leave.abort(new Error('closed'))));
  await expect(left.end).rejects.toThrow('closed');
  expect(left.made[0]?.isEnded).toBe(true);
});

test('a stop that is lost with its connection is sent through the next one', async () => {
  const early = begin((sent, socket, number) => {
    if (number === 0 && sent.type === 'send') {
      early.cancel.abort();
      socket.emit('error', new Error('reset'));
    } else if (sent.type === 'send') socket.say(SENT);
    if (sent.type === 'stop') socket.say({ type: 'stopped', re: sent['id'], stopped: true });
  });
  expect(await early.end).toEqual({ state: 'aborted' });
  expect(early.made[1]?.sent[2]).toMatchObject({ type: 'stop', session: 's', key: early.made[0]?.sent[1]?.['key'] });

  const late = begin((sent, socket, number) => {
    if (sent.type === 'send') socket.say(SENT);
    if (sent.type === 'watch' && number === 0) {
      socket.say(QUESTION, { type: 'turn', turn: 't', state: 'running', at: 0 });
      late.cancel.abort();
    }
    if (sent.type !== 'stop') return;
    if (number === 0) socket.emit('close', 1012, Buffer.alloc(0));
    else socket.say({ ...END, state: 'aborted' });
  });
  expect(await late.end).toEqual({ state: 'aborted' });
  expect(late.made.map(({ sent }) => sent.filter(({ type }) => type === 'stop').length)).toEqual([1, 1]);
});

test('a prompt that was taken back through the lost connection has ended', async () => {
  const { end, cancel } = begin((sent, socket, number) => {
    if (sent.type === 'hello') cancel.abort();
    if (sent.type === 'stop') socket.emit('close', 1012, Buffer.alloc(0));
    if (sent.type === 'send')
      socket.say(number === 0 ? SENT : { type: 'error', re: 'send', error: { code: 'CONFLICT', message: 'the message was taken back' } });
  });
  expect(await end).toEqual({ state: 'aborted' });
});
