import { expect, onTestFinished, test, vi } from 'vitest';
import { runHook, settle } from '../../../helpers/run-hook.js';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });

interface Checked {
  readonly isChecked: boolean;
  readonly error: unknown;
  reload(): void;
}
// By a name that the compiler does not follow: it is code of the browser.
const source = '../../../../webui/src/views/config/problems.js';
const { useProblems } = (await import(source)) as { useProblems(text: string): Checked };

test('a check that failed is reported and can be repeated', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const answers = [Response.json({ error: { code: 'RATE_LIMITED', message: 'slower' } }, { status: 429 }), Response.json({ problems: [] })];
  vi.stubGlobal('fetch', () => Promise.resolve(answers.shift()));
  const hook = await runHook(() => useProblems('{}'));
  const check = async (): Promise<void> => {
    await settle();
    vi.runAllTimers();
    await settle();
  };
  await check();
  expect(hook.now).toMatchObject({ isChecked: false, error: { status: 429 } });
  hook.now.reload();
  await check();
  expect(hook.now).toMatchObject({ isChecked: true, error: undefined });
});
