import { expect, test, vi } from 'vitest';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });
interface Module {
  call(method: string, path: string, options?: { signal?: AbortSignal }): Promise<unknown>;
  isTemporary(error: unknown): boolean;
}
/** Imported by a value: its types are those of a browser. */
const path = '../../../webui/src/api/client.js';
const { call, isTemporary } = (await import(path)) as Module;

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
