import { expect, onTestFinished, test, vi } from 'vitest';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('window', new EventTarget());
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });

// By a name that the compiler does not follow: it is code of the browser.
const source = '../../../webui/src/components/form/make-once.js';
const { makeOnce } = (await import(source)) as { makeOnce(call: object): Promise<unknown> };

test('a call keeps its key until it succeeds, for at most ten minutes', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const keys: string[] = [];
  let isLost = true;
  vi.stubGlobal('fetch', (_url: string, { headers }: { headers: Record<string, string> }) => {
    keys.push(headers['Idempotency-Key'] ?? '');
    return isLost ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve(Response.json({}));
  });
  const make = (message: string): Promise<unknown> =>
    makeOnce({ method: 'POST', path: '/api/x', body: { message } }).catch((error: unknown) => error);
  await make('one');
  await make('two');
  isLost = false;
  await make('one');
  await make('one');
  isLost = true;
  await make('three');
  vi.setSystemTime(Date.now() + 599_999);
  await make('three');
  vi.setSystemTime(Date.now() + 600_001);
  await make('three');
  const [one, two, oneAgain, oneMore, three, threeAgain, threeLater] = keys;
  expect(one).toMatch(/^[\x21-\x7e]{1,255}$/);
  expect([oneAgain, threeAgain]).toEqual([one, three]);
  expect(new Set([one, two, oneMore, three, threeLater]).size).toBe(5);
});
