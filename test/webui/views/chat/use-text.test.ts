import { expect, test, vi } from 'vitest';
import { runHook, settle } from '../../../helpers/run-hook.js';

const stored = new Map<string, string>();
vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('window', new EventTarget());
vi.stubGlobal('localStorage', {
  getItem: (name: string) => stored.get(name) ?? null,
  setItem: (name: string, value: string) => void stored.set(name, value),
  removeItem: (name: string) => void stored.delete(name),
});

interface Edit {
  readonly messageId: string;
  readonly content: string;
  readonly files: readonly object[];
}
// By names that the compiler does not follow: it is code of the browser.
const sources = ['composer/use-text.js', 'model/outbox.js'].map((name) => `../../../../webui/src/views/chat/${name}`);
const [{ useText }, { readDraft, readEdit, rescuedFrom, writeDraft, writeEdit }] = (await Promise.all(
  sources.map((source) => import(source)),
)) as [
  { useText(options: { draftName: string; editing?: Edit | undefined }): readonly [string, (text: string) => void] },
  {
    readDraft(session: string): string;
    readEdit(session: string): Edit | undefined;
    readonly rescuedFrom: { value: string | undefined };
    writeDraft(session: string, text: string): void;
    writeEdit(session: string, edit: Edit | undefined): void;
  },
];

test('what is typed in an edit stays when another session is deleted, and does not undo what else was changed', async () => {
  const editing = { messageId: 'm1', content: 'Question', files: [{ id: 'f' }] };
  const now: { draftName: string; editing?: Edit | undefined } = { draftName: 's', editing };
  writeDraft('s', 'A draft');
  writeEdit('s', editing);
  const hook = await runHook(() => useText(now));
  // A file is taken out of it.
  writeEdit('s', { ...editing, files: [] });
  hook.now[1]('Question, edited');
  await settle();
  rescuedFrom.value = 'another';
  await settle();
  expect(hook.now[0]).toBe('Question, edited');
  expect(readEdit('s')).toEqual({ messageId: 'm1', content: 'Question, edited', files: [] });
  writeEdit('s', undefined);
  now.editing = undefined;
  // Renders again.
  rescuedFrom.value = undefined;
  await settle();
  expect([hook.now[0], readDraft('s')]).toEqual(['A draft', 'A draft']);
});
