import { afterEach, expect, test, vi } from 'vitest';
import { settle } from '../../../helpers/run-hook.js';

const stored = new Map<string, string>();
vi.stubGlobal('location', new URL('http://localhost:18790/'));
const page = new EventTarget();
vi.stubGlobal('window', page);
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });
vi.stubGlobal('localStorage', {
  getItem: (name: string) => stored.get(name) ?? null,
  setItem: (name: string, value: string) => void stored.set(name, value),
  removeItem: (name: string) => void stored.delete(name),
});

type Frame = Readonly<Record<string, unknown>>;
interface Chat {
  readonly isBusy: { peek(): boolean };
  readonly outbox: { readonly entries: { peek(): readonly { readonly content: string; readonly state: string }[] } };
  open(): void;
  close(): void;
  beginEmpty(): void;
  send(content: string): void;
}
// By names that the compiler does not follow: it is code of the browser.
const sources = ['api/socket.js', 'views/chat/model/chat-model.js'].map((name) => `../../../../webui/src/${name}`);
const [{ connection, pageSocket }, { ChatModel }] = (await Promise.all(sources.map((source) => import(source)))) as [
  {
    readonly connection: { value: { readonly kind: string } };
    readonly pageSocket: {
      listen(listener: (frame: Frame) => void): () => void;
      ask(type: string, body: Frame): Promise<unknown>;
      tell(type: string, body: Frame): void;
    };
  },
  { readonly ChatModel: new (session: string) => Chat },
];

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  connection.value = { kind: 'connecting' };
  stored.clear();
});

/** A chat on an open connection. */
function chatOnline() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  connection.value = { kind: 'online' };
  let receive: (frame: Frame) => void = () => undefined;
  vi.spyOn(pageSocket, 'listen').mockImplementation((listener) => {
    receive = listener;
    return () => undefined;
  });
  const tell = vi.spyOn(pageSocket, 'tell').mockReturnValue(undefined);
  const ask = vi.spyOn(pageSocket, 'ask').mockReturnValue(new Promise(() => undefined));
  const chat = new ChatModel('s');
  chat.beginEmpty();
  chat.open();
  const watches = (): number => tell.mock.calls.filter(([type]) => type === 'watch').length;
  const get = (frame: Frame): void => receive({ session: 's', ...frame });
  return { chat, ask, watches, get };
}

const failedWith = (code: string): Frame => ({ type: 'error', error: { code, message: '' } });

test.each(['UNAVAILABLE', 'RATE_LIMITED'])(
  'a chat whose watch ends with %s watches again after a while, and sends what waits',
  async (code) => {
    const { chat, ask, watches, get } = chatOnline();
    const before = watches();
    get({ type: 'current', hasOlder: false });
    get(failedWith(code));
    chat.send('Hello');
    await settle();
    expect(ask).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2_999);
    expect(watches()).toBe(before);
    vi.advanceTimersByTime(1);
    expect(watches()).toBe(before + 1);
    // Again in vain.
    get(failedWith(code));
    vi.advanceTimersByTime(3_000);
    expect(watches()).toBe(before + 2);
    get({ type: 'current', hasOlder: false });
    await settle();
    expect(ask.mock.calls.map(([type]) => type)).toEqual(['send']);
    vi.runAllTimers();
    expect(watches()).toBe(before + 2);
    chat.close();
  },
);

test('a chat that is gone is not watched again', () => {
  const { chat, watches, get } = chatOnline();
  const before = watches();
  get({ type: 'current', hasOlder: false });
  get(failedWith('SESSION_NOT_FOUND'));
  vi.runAllTimers();
  expect(watches()).toBe(before);
  chat.close();
});

test('what a closed tab was sending keeps nothing back: it is sent again with the same key, in its order', async () => {
  const { chat, ask, get } = chatOnline();
  get({ type: 'current', hasOlder: false });
  const name = 'xopc.outbox.s';
  stored.set(name, JSON.stringify([{ key: 'k1', content: 'Of a closed tab', state: 'sending' }]));
  page.dispatchEvent(Object.assign(new Event('storage'), { key: name }));
  expect(chat.isBusy.peek()).toBe(false);
  get({ type: 'message', seq: 1, message: { id: 'm1', role: 'user', content: 'Of a closed tab' } });
  get({ type: 'message', seq: 2, message: { id: 'm2', role: 'assistant', content: 'Answered' } });
  await settle();
  // It may be that of a tab that is open.
  expect(ask).not.toHaveBeenCalled();
  ask.mockResolvedValueOnce({ type: 'sent', messageId: 'm1', repeated: true });
  chat.send('Of this tab');
  await settle();
  expect(ask.mock.calls.map(([, body]) => body['content'])).toEqual(['Of a closed tab', 'Of this tab']);
  expect(ask.mock.calls[0]?.[1]).toMatchObject({ key: 'k1' });
  expect(chat.outbox.entries.peek()).toMatchObject([{ content: 'Of this tab', state: 'sending' }]);
  expect(chat.isBusy.peek()).toBe(true);
  chat.close();
});
