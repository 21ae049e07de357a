import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { settle } from '../../../helpers/run-hook.js';

const stored = new Map<string, string>();
vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('window', new EventTarget());
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });
vi.stubGlobal('history', { pushState: () => undefined, replaceState: () => undefined });
vi.stubGlobal('localStorage', {
  getItem: (name: string) => stored.get(name) ?? null,
  setItem: (name: string, value: string) => void stored.set(name, value),
  removeItem: (name: string) => void stored.delete(name),
});

interface Chat {
  readonly outbox: { readonly entries: { readonly value: readonly { readonly content: string }[] } };
  send(content: string): void;
  choose(model: string | null): Promise<void>;
}
// By names that the compiler does not follow: it is code of the browser.
const sources = ['api/socket.js', 'shell/router.js', 'views/chat/model/new-chat.js', 'views/chat/model/open-chats.js'].map(
  (name) => `../../../../webui/src/${name}`,
);
const [{ connection, pageSocket }, { address, navigate }, { newChat, recorded }, { openChats }] = (await Promise.all(
  sources.map((source) => import(source)),
)) as [
  {
    readonly connection: { value: { readonly kind: string } };
    readonly pageSocket: { onConnected(run: () => void): () => void; tell(type: string, body: object): void };
  },
  { readonly address: { readonly value: { readonly parts: readonly string[] } }; navigate(to: string): void },
  { readonly newChat: Chat; readonly recorded: { value: Promise<void> } },
  { readonly openChats: { model(session: string): Chat } },
];

/** The calls of the gateway, each with the function that answers it. */
let calls: { readonly call: string; readonly answer: (document: object) => Promise<void>; readonly refuse: () => Promise<void> }[] = [];
let sessions = 0;

beforeEach(() => {
  calls = [];
  navigate('#/chat');
  connection.value = { kind: 'online' };
  vi.spyOn(pageSocket, 'tell').mockReturnValue(undefined);
  vi.stubGlobal('fetch', (url: URL, { method }: { method: string }) => {
    return new Promise<Response>((resolve) => {
      const give = async (document: object, status: number): Promise<void> => {
        resolve(Response.json(document, { status }));
        await settle();
      };
      const answer = (document: object): Promise<void> => give(document, 200);
      calls.push({ call: `${method} ${url.pathname}`, answer, refuse: () => give({}, 400) });
    });
  });
});

afterEach(() => {
  connection.value = { kind: 'connecting' };
  stored.clear();
});

const asked = (): string[] => calls.map(({ call }) => call);

async function makeSession(): Promise<string> {
  const key = `s${++sessions}`;
  await calls.find(({ call }) => call === 'POST /api/sessions')?.answer({ session: { key } });
  return key;
}

const waitingIn = (session: string): string[] => openChats.model(session).outbox.entries.value.map(({ content }) => content);

test('a message that is sent while a model is being chosen goes to the session that has the model', async () => {
  const chosen = newChat.choose('fake/two');
  await settle();
  newChat.send('Hello');
  await settle();
  expect(asked()).toEqual(['POST /api/sessions']);
  const session = await makeSession();
  expect(asked()).toEqual(['POST /api/sessions', `PATCH /api/sessions/${session}`]);
  expect(waitingIn(session)).toEqual([]);
  await calls[1]?.answer({});
  await chosen;
  expect(waitingIn(session)).toEqual(['Hello']);
  expect(newChat.outbox.entries.value).toEqual([]);
  expect(address.value.parts).toEqual([session]);
  expect(asked()).toHaveLength(2);
});

test('a choice while the session of a message is being made is a choice for that session', async () => {
  newChat.send('Hello');
  const chosen = newChat.choose('fake/two');
  await settle();
  const session = await makeSession();
  expect(waitingIn(session)).toEqual(['Hello']);
  await calls[1]?.answer({});
  await chosen;
  expect(asked()).toEqual(['POST /api/sessions', `PATCH /api/sessions/${session}`]);
  expect(address.value.parts).toEqual([session]);
});

test('a choice does not fetch back a user who has gone elsewhere', async () => {
  const chosen = newChat.choose('fake/two');
  await settle();
  await makeSession();
  navigate('#/sessions/shown');
  await calls[1]?.answer({});
  await chosen;
  expect(address.value.parts).toEqual(['shown']);
});

test('a message is sent all the same when its model cannot be chosen', async () => {
  const chosen = newChat.choose('fake/gone').catch(String);
  await settle();
  newChat.send('Hello');
  const session = await makeSession();
  await calls[1]?.refuse();
  await chosen;
  await settle();
  expect(waitingIn(session)).toEqual(['Hello']);
});

test('nothing takes the place of the chat while a voice message is being recorded there', async () => {
  let end = (): void => undefined;
  recorded.value = new Promise((resolve) => (end = resolve));
  newChat.send('Hello');
  await settle();
  const session = await makeSession();
  expect(address.value.parts).toEqual([]);
  end();
  await settle();
  expect(address.value.parts).toEqual([session]);
  expect(waitingIn(session)).toEqual(['Hello']);
});
