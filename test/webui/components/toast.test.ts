import { expect, test, vi } from 'vitest';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('window', new EventTarget());
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });

// By a name that the compiler does not follow: it is code of the browser.
const source = '../../../webui/src/components/toast/toast.js';
const { attemptOnce } = (await import(source)) as { attemptOnce(name: string, work: () => Promise<unknown>): Promise<boolean> };

test('what is in progress is not begun again until it has ended', async () => {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  const work = vi.fn(() => promise);
  const first = attemptOnce('fork a', work);
  expect(await attemptOnce('fork a', work)).toBe(false);
  const other = attemptOnce('fork b', work);
  resolve();
  expect(await Promise.all([first, other])).toEqual([true, true]);
  expect(work).toHaveBeenCalledTimes(2);
  expect(await attemptOnce('fork a', work)).toBe(true);
});
