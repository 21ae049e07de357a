import { expect, test, vi } from 'vitest';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });
interface Module {
  call(method: string, path: string, options?: { signal?: AbortSignal; isAction?: boolean; isOptional?: boolean }): Promise<unknown>;
  isTemporary(error: unknown): boolean;
}
/** Imported by values: their types are those of a browser. */
const [path, sessionPath] = ['../../../webui/src/api/client.js', '../../../webui/src/api/session.js'];
const { call, isTemporary } = (await import(path)) as Module;
const { closeSignIn, signInReason } = (await import(sessionPath)) as {
  closeSignIn(isSignedIn: boolean): void;
  signInReason: { value: unknown };
};

/** An answer whose connection ends within it. */
function brokenAnswer(): Response {
  return new Response(new ReadableStream({ pull: (stream) => stream.error(new TypeError('Failed to fetch')) }));
}

test('an answer that breaks off counts as none, unless the caller has aborted', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(brokenAnswer()));
  expect(isTemporary(await call('GET', '/api/status').catch((error: unknown) => error))).toBe(true);
  const stop = AbortSignal.abort();
  expect(await call('GET', '/api/status', { signal: stop }).catch(String)).toBe('TypeError: Failed to fetch');
});

test.each([
  [429, true],
  [503, true],
  [404, false],
])('an answer of status %i counts as temporary: %s', async (status, expected) => {
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({}, { status })));
  expect(isTemporary(await call('GET', '/api/status').catch((error: unknown) => error))).toBe(expected);
});

test('once the sign-in screen is closed, only an action of the user shows it again, unless nothing works without signing in', async () => {
  let needsToken = false;
  vi.stubGlobal('fetch', (address: URL) => {
    const isSignIn = String(address).endsWith('/api/page-session') && !needsToken;
    return Promise.resolve(isSignIn ? Response.json({ signedIn: false, owner: false, needsToken }) : Response.json({}, { status: 401 }));
  });
  /** Makes a call. @returns whether it showed the screen, which is then closed */
  const asks = async (...[method, options]: [method: string, options?: Parameters<typeof call>[2]]): Promise<boolean> => {
    let hasFailed = false;
    const failed = call(method, '/api/config', options).catch(() => (hasFailed = true));
    await vi.waitFor(() => expect(hasFailed || signInReason.value !== undefined).toBe(true));
    const isShown = signInReason.value !== undefined;
    closeSignIn(false);
    await failed;
    return isShown;
  };
  closeSignIn(true);
  expect(await asks('GET', { isOptional: true })).toBe(false);
  closeSignIn(true);
  expect(await asks('GET')).toBe(true);
  expect(await asks('GET')).toBe(false);
  expect(await asks('PATCH', { isAction: false })).toBe(false);
  expect(await asks('PATCH')).toBe(true);
  needsToken = true;
  expect(await asks('GET', { isOptional: true })).toBe(true);
});
