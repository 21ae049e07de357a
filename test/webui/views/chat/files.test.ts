import { expect, test, vi } from 'vitest';
import { runHook } from '../../../helpers/run-hook.js';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('window', new EventTarget());
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });

interface DraftFile {
  readonly name: string;
}
// By a name that the compiler does not follow: it is code of the browser.
const source = '../../../../webui/src/views/chat/composer/files.js';
const { useDraftFiles } = (await import(source)) as {
  useDraftFiles(session: string, start: (files: readonly DraftFile[]) => void): { add(files: readonly object[]): void };
};

test('the end of a long name begins with a whole character', async () => {
  const added: DraftFile[] = [];
  const hook = await runHook(() => useDraftFiles('s', (files) => added.push(...files)));
  hook.now.add([{ name: `\u{20000}${'a'.repeat(195)}.txt`, type: '', size: 1 }]);
  expect(added.map(({ name }) => name)).toEqual([`${'a'.repeat(195)}.txt`]);
});
