import { expect, onTestFinished, test, vi } from 'vitest';
import { runHook, settle } from '../../helpers/run-hook.js';

const page = { documentElement: {}, visibilityState: 'visible' };
vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('window', new EventTarget());
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', page);

// By names that the compiler does not follow: it is code of the browser.
const sources = ['shell/issue-badge.js', 'api/socket.js'].map((name) => `../../../webui/src/${name}`);
const [{ IssueBadge }, { connection }] = (await Promise.all(sources.map((source) => import(source)))) as [
  { IssueBadge(): unknown },
  { connection: { value: { kind: string } } },
];

test('issues are read after the data of the view, then once a minute, by a tab that is visible and connected', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const asked: string[] = [];
  vi.stubGlobal('fetch', (url: URL) => {
    asked.push(url.pathname);
    return Promise.reject(new TypeError('Failed to fetch'));
  });
  const pass = async (seconds: number): Promise<number> => {
    vi.advanceTimersByTime(1_000 * seconds);
    await settle();
    return asked.length;
  };
  connection.value = { kind: 'online' };
  await runHook(IssueBadge);
  expect(await pass(0.4)).toBe(0);
  expect(await pass(9.6)).toBe(1);
  expect(await pass(60)).toBe(2);
  page.visibilityState = 'hidden';
  expect(await pass(60)).toBe(2);
  page.visibilityState = 'visible';
  connection.value = { kind: 'connecting' };
  expect(await pass(60)).toBe(2);
  connection.value = { kind: 'online' };
  expect(await pass(60)).toBe(3);
  expect(new Set(asked)).toEqual(new Set(['/api/status']));
});
