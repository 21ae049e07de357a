import { expect, onTestFinished, test, vi } from 'vitest';
import { runHook, settle } from '../../helpers/run-hook.js';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });

interface Resource {
  readonly value: string | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
  readonly isEarlier: boolean;
  reload(): void;
  refresh(): void;
  set(value: string): void;
}
// By names that the compiler does not follow: it is code of the browser.
const sources = ['use-resource.js', 'live-reload.js', 'client.js', 'use-pages.js', 'session.js'].map(
  (name) => `../../../webui/src/api/${name}`,
);
const [{ useResource }, { useBurst }, { ApiError }, { usePages }, { session }] = (await Promise.all(
  sources.map((source) => import(source)),
)) as [
  { useResource(read: (signal: AbortSignal) => Promise<string>, inputs: readonly unknown[]): Resource },
  { useBurst(work: () => void): () => void },
  { ApiError: new (call: object, status: number, error: object) => Error },
  { usePages(readPage: (cursor: string | undefined) => Promise<object>, inputs: readonly string[]): Resource & { more(): void } },
  { session: { value: object } },
];

interface Read {
  readonly signal: AbortSignal;
  readonly resolve: (value: string) => void;
  readonly reject: (error: unknown) => void;
}

async function readWith(input: { value: string }) {
  const reads: Read[] = [];
  const read = (signal: AbortSignal): Promise<string> => new Promise((resolve, reject) => void reads.push({ signal, resolve, reject }));
  return { reads, hook: await runHook(() => useResource(read, [input.value])) };
}

test('a read that takes longer than the interval of its refreshes ends, and is repeated once', async () => {
  const { reads, hook } = await readWith({ value: 'a' });
  for (let count = 0; count < 3; count += 1) {
    hook.now.refresh();
    await settle();
  }
  reads[0]?.resolve('first');
  await settle();
  expect(hook.now).toMatchObject({ value: 'first', isLoading: true });
  reads[1]?.resolve('second');
  await settle();
  expect(hook.now).toMatchObject({ value: 'second', isLoading: false });
  expect(reads).toHaveLength(2);
});

test.each(['a reload replaces a running read', 'a refresh replaces a read that has taken half a minute'])('%s', async (name) => {
  const { reads, hook } = await readWith({ value: 'a' });
  if (name.startsWith('a refresh')) {
    const later = Date.now() + 31_000;
    vi.spyOn(Date, 'now').mockReturnValue(later);
    hook.now.refresh();
  } else hook.now.reload();
  await settle();
  expect(reads.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  reads[1]?.resolve('second');
  await settle();
  expect(hook.now).toMatchObject({ value: 'second', isLoading: false });
});

test('a read that needs a session is repeated once there is one, and not by intervals until then', async () => {
  onTestFinished(() => void (session.value = { ...session.value, signedIn: false }));
  const { reads, hook } = await readWith({ value: 'a' });
  reads[0]?.reject(new ApiError({ method: 'GET', path: '' }, 401, { message: 'no token' }));
  await settle();
  hook.now.refresh();
  await settle();
  expect(reads).toHaveLength(1);
  session.value = { ...session.value, signedIn: true };
  await settle();
  await settle();
  reads[1]?.resolve('mine');
  await settle();
  expect(hook.now).toMatchObject({ value: 'mine', error: undefined });
});

test('other inputs, and a value that takes its place, end a read', async () => {
  const input = { value: 'a' };
  const { reads, hook } = await readWith(input);
  input.value = 'b';
  hook.now.reload();
  await hook.again();
  expect(reads.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  hook.now.set('own');
  reads[1]?.resolve('late');
  await settle();
  expect(hook.now).toMatchObject({ value: 'own', isLoading: false });
  expect(reads).toHaveLength(2);
});

test('with other inputs the value is marked as the earlier one until they are read, and goes when that fails', async () => {
  const input = { value: 'a' };
  const { reads, hook } = await readWith(input);
  const change = async (value: string): Promise<void> => {
    input.value = value;
    hook.now.refresh();
    await settle();
  };
  reads[0]?.resolve('of a');
  await settle();
  expect(hook.now).toMatchObject({ value: 'of a', isEarlier: false });
  await change('b');
  expect(hook.now).toMatchObject({ value: 'of a', isEarlier: true, isLoading: true });
  reads[1]?.resolve('of b');
  await settle();
  expect(hook.now).toMatchObject({ value: 'of b', isEarlier: false });
  await change('c');
  reads[2]?.reject(new Error('away'));
  await settle();
  expect(hook.now).toMatchObject({ value: undefined, isEarlier: false, error: new Error('away') });
});

test('a list stays when its next page cannot be read', async () => {
  const read = vi.fn(async (cursor: string | undefined) => {
    if (cursor !== undefined) throw new Error('away');
    return Promise.resolve({ items: ['first'], nextCursor: 'more' });
  });
  const hook = await runHook(() => usePages(read, ['all']));
  await settle();
  hook.now.more();
  await settle();
  expect(read.mock.calls).toEqual([
    [undefined, expect.anything()],
    [undefined, expect.anything()],
    ['more', expect.anything()],
  ]);
  expect(hook.now).toMatchObject({ value: { items: ['first'] }, isEarlier: false, error: new Error('away') });
});

test('an error stays until a reload ends, and the same one again is no other', async () => {
  const { reads, hook } = await readWith({ value: 'a' });
  const refuse = (requestId: string): Error => new ApiError({}, 403, { code: 'FORBIDDEN', message: 'no', requestId });
  const [first, second] = [refuse('1'), refuse('2')];
  reads[0]?.reject(first);
  await settle();
  hook.now.reload();
  await settle();
  expect(hook.now).toMatchObject({ isLoading: true });
  expect(hook.now.error).toBe(first);
  reads[1]?.reject(second);
  await settle();
  expect(hook.now.error).toBe(first);
  hook.now.reload();
  await settle();
  reads[2]?.resolve('back');
  await settle();
  expect(hook.now).toMatchObject({ value: 'back', error: undefined });
});

test('events that come closer together than the wait for more do not put the work off', async () => {
  const work = vi.fn<() => void>();
  const hook = await runHook(() => useBurst(work));
  vi.useFakeTimers();
  for (let count = 0; count < 5; count += 1) {
    hook.now();
    vi.advanceTimersByTime(100);
  }
  vi.useRealTimers();
  expect(work).toHaveBeenCalledTimes(1);
});

test('the work is that of the last render', async () => {
  const input = { work: vi.fn<() => void>() };
  const before = input.work;
  const hook = await runHook(() => useBurst(input.work));
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  hook.now();
  input.work = vi.fn<() => void>();
  await hook.again();
  vi.runAllTimers();
  vi.useRealTimers();
  expect(before).not.toHaveBeenCalled();
  expect(input.work).toHaveBeenCalledTimes(1);
});
