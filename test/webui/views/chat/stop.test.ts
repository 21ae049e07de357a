import { afterEach, expect, test, vi } from 'vitest';
import { runHook, settle } from '../../../helpers/run-hook.js';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('window', new EventTarget());
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });

type Frame = Readonly<Record<string, unknown>>;
interface Chat {
  open(): void;
  close(): void;
  beginEmpty(): void;
  stop(): void;
  send(content: string): void;
}
// By names that the compiler does not follow: it is code of the browser.
const sources = ['api/socket.js', 'views/chat/model/chat-model.js', 'components/toast/toast.js', 'api/approvals.js'].map(
  (name) => `../../../../webui/src/${name}`,
);
const [{ pageSocket, SocketError }, { ChatModel }, { Toasts }, { approvals }] = (await Promise.all(
  sources.map((source) => import(source)),
)) as [
  {
    readonly pageSocket: {
      listen(listener: (frame: Frame) => void): () => void;
      ask(type: string, body: object): Promise<unknown>;
    };
    readonly SocketError: new (code: string, message: string) => Error;
  },
  { readonly ChatModel: new (session: string) => Chat },
  { Toasts(): { props: { children: unknown } } },
  { readonly approvals: { value: readonly object[] } },
];

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  approvals.value = [];
});

/** A chat with a running answer, whose connection is away. */
function chatOffline() {
  let receive: (frame: Frame) => void = () => undefined;
  vi.spyOn(pageSocket, 'listen').mockImplementation((listener) => {
    receive = listener;
    return () => undefined;
  });
  const ask = vi.spyOn(pageSocket, 'ask').mockRejectedValue(new SocketError('UNREACHABLE', ''));
  const chat = new ChatModel('s');
  chat.beginEmpty();
  chat.open();
  const turn = (fields: Frame): void => receive({ type: 'turn', session: 's', state: 'running', ...fields });
  turn({ turn: 't1' });
  const reconnect = async (): Promise<void> => {
    ask.mockResolvedValue({});
    receive({ type: 'current', session: 's', hasOlder: false });
    await settle();
  };
  return { chat, ask, turn, reconnect };
}

test.each(['Stop', '/stop'])('%s without a connection stops the answer on the next one', async (how) => {
  const { chat, ask, turn, reconnect } = chatOffline();
  if (how === 'Stop') chat.stop();
  else chat.send(how);
  await settle();
  expect(ask.mock.calls).toEqual([['stop', { session: 's' }]]);
  // The gateway has crashed meanwhile, and begins the answer again.
  turn({ turn: 't2', replaces: { turn: 't1', text: '' } });
  await reconnect();
  expect(ask.mock.calls).toHaveLength(2);
  // Once it is stopped, later connections do not stop it again, even while it is still ending.
  await reconnect();
  expect(ask.mock.calls).toHaveLength(2);
  chat.close();
});

test.each(['Stop', '/stop'])('%s without a connection also stops an answer that waits for a decision', async (how) => {
  const { chat, ask, turn, reconnect } = chatOffline();
  turn({ turn: 't1', state: 'waiting' });
  approvals.value = [{ id: 1, session: 's', state: 'pending' }];
  if (how === 'Stop') chat.stop();
  else chat.send(how);
  await settle();
  await reconnect();
  expect(ask.mock.calls).toEqual(Array(2).fill(['stop', { session: 's' }]));
  chat.close();
});

test('it stops no other answer', async () => {
  const { chat, ask, turn, reconnect } = chatOffline();
  chat.stop();
  await settle();
  // The page has not heard of the end of the first.
  turn({ turn: 't2' });
  await reconnect();
  expect(ask.mock.calls).toHaveLength(1);
  chat.close();
});

test('why the gateway refuses to stop it is shown', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  const notices = await runHook(Toasts);
  const { chat, ask } = chatOffline();
  ask.mockRejectedValue(new SocketError('RATE_LIMITED', 'Too many.'));
  chat.stop();
  await settle();
  expect(notices.now.props.children).toMatchObject({ props: { toast: { kind: 'error' } } });
  vi.runAllTimers();
  await settle();
  chat.close();
});
