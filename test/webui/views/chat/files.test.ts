import { expect, test, vi } from 'vitest';
import { runHook, settle } from '../../../helpers/run-hook.js';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
const window = new EventTarget();
vi.stubGlobal('window', window);
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });

interface DraftFile {
  readonly key: string;
  readonly name: string;
}
// By a name that the compiler does not follow: it is code of the browser.
const source = '../../../../webui/src/views/chat/composer/files.js';
const { useDraftFiles } = (await import(source)) as {
  useDraftFiles(
    session: string,
    start: (files: readonly DraftFile[]) => void,
  ): { add(files: readonly object[]): void; remove(key: string): void };
};

test('the browser asks before it leaves only while a file waits: else it keeps the page for its Back button', async () => {
  const added: DraftFile[] = [];
  const hook = await runHook(() => useDraftFiles('asked', (files) => added.push(...files)));
  const spies = { add: vi.spyOn(window, 'addEventListener'), remove: vi.spyOn(window, 'removeEventListener') };
  const count = (spy: keyof typeof spies): number => spies[spy].mock.calls.filter(([name]) => name === 'beforeunload').length;
  hook.now.add([{ name: 'a.txt', type: '', size: 1 }]);
  await settle();
  expect(count('add')).toBe(1 + count('remove'));
  hook.now.remove(added[0]?.key ?? '');
  expect(count('remove')).toBe(count('add'));
});

test('the end of a long name begins with a whole character', async () => {
  const added: DraftFile[] = [];
  const hook = await runHook(() => useDraftFiles('s', (files) => added.push(...files)));
  hook.now.add([{ name: `\u{20000}${'a'.repeat(195)}.txt`, type: '', size: 1 }]);
  expect(added.map(({ name }) => name)).toEqual([`${'a'.repeat(195)}.txt`]);
});
