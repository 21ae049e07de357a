import { expect, test, vi } from 'vitest';

const stored = new Map<string, string>();
const reload = vi.fn<() => void>();
vi.stubGlobal('location', Object.assign(new URL('http://localhost:18790/'), { reload }));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });
vi.stubGlobal(
  'localStorage',
  // Its items are its own keys, as in a browser.
  new Proxy<object>(
    {
      getItem: (name: string) => stored.get(name) ?? null,
      setItem: (name: string, value: string) => void stored.set(name, value),
      removeItem: (name: string) => void stored.delete(name),
    },
    { ownKeys: () => [...stored.keys()], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) },
  ),
);
// By a name that the compiler does not follow: it is code of the browser.
const source = '../../../../webui/src/shell/dialogs/leave.js';
const { leave } = (await import(source)) as { leave(): Promise<void> };

test('signing out drops what was loaded, in every tab, and keeps waiting messages from being sent by whoever signs in next', async () => {
  const failed = { key: '2', content: 'Refused', state: 'failed', error: 'no' };
  stored.set('xopc.outbox.chat', JSON.stringify([{ key: '1', content: 'Waits', state: 'queued' }, failed]));
  stored.set('xopc.draft.chat', 'Half');
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(null, { status: 503 })));
  await expect(leave()).rejects.toMatchObject({ status: 503, code: 'INTERNAL_ERROR' });
  expect(stored.get('xopc.outbox.chat')).toContain('queued');
  expect(reload).not.toHaveBeenCalled();
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ status: 'ok' })));
  await leave();
  const error = 'Held back by the sign-out';
  expect(JSON.parse(stored.get('xopc.outbox.chat') ?? '')).toEqual([{ key: '1', content: 'Waits', state: 'failed', error }, failed]);
  expect(stored.get('xopc.draft.chat')).toBe('Half');
  expect(stored.has('xopc.signedOut')).toBe(true);
  expect(reload).toHaveBeenCalledTimes(1);
});
