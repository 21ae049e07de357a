import { expect, onTestFinished, test, vi } from 'vitest';
import type { CronJobDocument } from '../../../../../shared/api/cron.js';
import { fakeJob } from '../../../../helpers/fake-cron.js';
import { runHook } from '../../../../helpers/run-hook.js';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });

interface DraftModule {
  draftOf(job: CronJobDocument | undefined, isCopy: boolean): Record<string, unknown>;
  saveCall(draft: object, job: CronJobDocument | undefined): { method: string; body: Record<string, unknown> };
  changeDraft(kept: Kept | undefined, base: object, change: object): Kept | undefined;
  hasDraft(id: string): boolean;
  findFaults(draft: object): Record<string, string>;
  useDraft(id: string, now: object): { create(): Promise<unknown> };
}
interface Kept {
  readonly base: object;
  readonly changes: object;
}
// Imported by a name that the compiler does not follow, because it is browser code.
const source = '../../../../../webui/src/views/cron/form/draft.js';
const { draftOf, saveCall, changeDraft, hasDraft, findFaults, useDraft } = (await import(source)) as DraftModule;

const job: CronJobDocument = { ...fakeJob, mode: 'agent', session: 'main', interrupted: 'again', graceMs: 90_500, timeoutMs: 1_001 };

test('a copy of a job has all its settings', () => {
  const { method, body } = saveCall(draftOf(job, true), undefined);
  expect(method).toBe('POST');
  expect(body).toMatchObject({ session: 'main', interrupted: 'again', graceMs: 90_500, timeoutMs: 1_001 });
});

test('what is not changed is not sent, and an empty field is the default', () => {
  const draft = draftOf(job, false);
  expect(saveCall(draft, job).body).toEqual({});
  expect(saveCall({ ...draft, grace: '', timeout: '90.5' }, job).body).toEqual({ graceMs: null, timeoutMs: 90_500 });
});

test('times in seconds may have parts of one', () => {
  const draft = draftOf(job, false);
  expect(findFaults(draft)).toEqual({});
  expect(Object.keys(findFaults({ ...draft, grace: 'soon', timeout: '1.2345' }))).toEqual(['grace', 'timeout']);
});

test('a draft keeps only what was typed, so that it does not undo what others change meanwhile', () => {
  const base = draftOf(job, false);
  const kept = changeDraft(changeDraft(undefined, base, { name: 'Mine' }), base, { retries: '5' });
  expect(kept).toEqual({ base, changes: { name: 'Mine', retries: '5' } });
  const theirs = { ...job, enabled: false, schedule: '0 10 * * *', retries: 5 };
  const now = draftOf(theirs, false);
  expect(saveCall({ ...now, ...kept?.changes }, theirs).body).toEqual({ name: 'Mine' });
  expect(changeDraft(kept, now, { name: job.name })).toBeUndefined();
});

test('a whole form that an earlier version of the page kept is no draft', () => {
  const getItem = (name: string): string | null => (name === 'xopc.draft.cron.new' ? JSON.stringify(draftOf(job, false)) : null);
  vi.stubGlobal('localStorage', { getItem });
  expect(hasDraft('new')).toBe(false);
});

interface Attempt {
  readonly key: string;
  readonly schedule: string;
}

/** Presses Create again and again, by default once for each answer, with minutes in between. @returns the attempts. @param answers  undefined: it is lost */
async function createWith(
  when: string,
  answers: readonly (number | undefined)[],
  { minutes, presses = answers.length }: { minutes: number; presses?: number },
): Promise<readonly Attempt[]> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1, 10) });
  onTestFinished(() => void vi.useRealTimers());
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
  const attempts: Attempt[] = [];
  vi.stubGlobal('fetch', async (_url: URL, { headers, body }: { headers: Record<string, string>; body: string }) => {
    const status = answers[attempts.length];
    attempts.push({ key: headers['Idempotency-Key'] ?? '', schedule: (JSON.parse(body) as Attempt).schedule });
    if (status === undefined) throw new TypeError('Failed to fetch');
    return Response.json({}, { status });
  });
  const hook = await runHook(() => useDraft(`${when} ${answers.join()} ${minutes}`, { ...draftOf(undefined, false), when, message: 'x' }));
  for (let press = 0; press < presses; press += 1) {
    await hook.now.create().catch(() => undefined);
    vi.setSystemTime(Date.now() + minutes * 60_000);
  }
  return attempts;
}

const countOf = (attempts: readonly Attempt[], field: keyof Attempt): number => new Set(attempts.map((attempt) => attempt[field])).size;

test('a repeated creation that is refused before its key was looked at may have made the job: it is repeated again', async () => {
  expect(countOf(await createWith('in 2 hours', [undefined, 403, 429, 503, 200], { minutes: 1 }), 'key')).toBe(1);
  for (const status of [400, 404, 409])
    expect(countOf(await createWith('in 2 hours', [undefined, status, 200], { minutes: 1 }), 'key')).toBe(2);
});

test('a first time that has passed by then is refused, and the time of now is created at once', async () => {
  const [first, again, now] = await createWith('in 2 minutes', [undefined, 400, 200], { minutes: 3, presses: 2 });
  expect(again).toEqual(first);
  expect([now?.key === first?.key, now?.schedule === first?.schedule]).toEqual([false, false]);
});

test('a time that counts from now is that of the first attempt for ten minutes; any other schedule is the same for as long as the gateway knows its key', async () => {
  expect(countOf(await createWith('in 2 hours', [undefined, 200], { minutes: 9 }), 'schedule')).toBe(1);
  const late = await createWith('in 2 hours', [undefined, 200], { minutes: 10 });
  expect([countOf(late, 'key'), countOf(late, 'schedule')]).toEqual([2, 2]);
  expect(countOf(await createWith('0 9 * * *', [undefined, 200], { minutes: 90 }), 'key')).toBe(1);
});
