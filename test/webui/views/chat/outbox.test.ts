import { expect, test, vi } from 'vitest';

interface OutboxOfTab {
  readonly entries: { readonly value: readonly unknown[] };
  add(content: string): void;
  change(edit: () => readonly never[]): void;
  follow(): () => void;
}

const stored = new Map<string, string>();
vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('window', new EventTarget());
vi.stubGlobal('localStorage', {
  getItem: (name: string) => stored.get(name) ?? null,
  setItem: (name: string, value: string) => void stored.set(name, value),
  removeItem: (name: string) => void stored.delete(name),
});
// By a name that the compiler does not follow: it is code of the browser.
const source = '../../../../webui/src/views/chat/model/outbox.js';
const { Outbox, moveDraft, readDraft, writeDraft } = (await import(source)) as {
  Outbox: new (session: string) => OutboxOfTab;
  moveDraft(from: string, to: string): void;
  readDraft(session: string): string;
  writeDraft(session: string, text: string): void;
};

test('a message that another tab takes back while this one opens the chat is not sent from here', () => {
  const other = new Outbox('chat');
  other.add('Taken back');
  const outbox = new Outbox('chat');
  expect(outbox.entries.value).toHaveLength(1);
  other.change(() => []);
  const stop = outbox.follow();
  expect(outbox.entries.value).toEqual([]);
  stop();
});

test.each([
  ['of the new chat', 'of the session', 'of the session\n\nof the new chat'],
  ['of the new chat', '', 'of the new chat'],
  ['', 'of the session', 'of the session'],
  ['', '', ''],
])('the draft %j comes below %j of the session that the new chat goes on in', (...[added, kept, both]) => {
  writeDraft('new', added);
  writeDraft('session', kept);
  moveDraft('new', 'session');
  expect([readDraft('session'), readDraft('new')]).toEqual([both, '']);
});
