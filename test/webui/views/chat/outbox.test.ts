import { expect, test, vi } from 'vitest';

interface Edit {
  readonly messageId: string;
  readonly content: string;
  readonly files: readonly object[];
}
interface OutboxOfTab {
  readonly entries: { readonly value: readonly { readonly key: string }[] };
  add(content: string, more?: { again: string }): void;
  update(key: string, change: { state: string }): void;
  holds(content: string, more?: { again: string }): boolean;
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
const { Outbox, keptEdit, moveDraft, readDraft, writeDraft, writeEdit } = (await import(source)) as {
  Outbox: new (session: string) => OutboxOfTab;
  moveDraft(from: string, to: string): void;
  readDraft(session: string): string;
  writeDraft(session: string, text: string): void;
  writeEdit(session: string, edit: Edit | undefined): void;
  keptEdit(session: string, begun: Edit): Edit;
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

test('another answer that waits to be asked for is not asked for twice, unless that failed', () => {
  const outbox = new Outbox('again');
  expect(outbox.holds('Question', { again: 'm1' })).toBe(false);
  outbox.add('Question', { again: 'm1' });
  expect(outbox.holds('Question', { again: 'm1' })).toBe(true);
  expect([outbox.holds('Question'), outbox.holds('Question', { again: 'm2' })]).toEqual([false, false]);
  outbox.update(outbox.entries.value[0]?.key ?? '', { state: 'failed' });
  expect(outbox.holds('Question', { again: 'm1' })).toBe(false);
  outbox.change(() => []);
});

test('an edit goes on from what was typed, and not from what another tab changes in another message', () => {
  const begun = { messageId: 'm1', content: 'Question', files: [{ id: 'f' }] };
  expect(keptEdit('edited', begun)).toEqual(begun);
  writeEdit('edited', { messageId: 'm1', content: 'Question, edited', files: [] });
  expect(keptEdit('edited', begun)).toEqual({ messageId: 'm1', content: 'Question, edited', files: [] });
  writeEdit('edited', { messageId: 'm2', content: 'Of another tab', files: [] });
  expect(keptEdit('edited', begun)).toEqual(begun);
  writeEdit('edited', undefined);
});
