import { expect, test, vi } from 'vitest';
import type { CronJobDocument } from '../../../../../shared/api/cron.js';
import { fakeJob } from '../../../../helpers/fake-cron.js';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });

interface DraftModule {
  draftOf(job: CronJobDocument | undefined, isCopy: boolean): Record<string, unknown>;
  saveCall(draft: object, job: CronJobDocument | undefined): { method: string; body: Record<string, unknown> };
  changeDraft(kept: Kept | undefined, base: object, change: object): Kept | undefined;
  hasDraft(id: string): boolean;
  findFaults(draft: object): Record<string, string>;
}
interface Kept {
  readonly base: object;
  readonly changes: object;
}
// Imported by a name that the compiler does not follow, because it is browser code.
const source = '../../../../../webui/src/views/cron/form/draft.js';
const { draftOf, saveCall, changeDraft, hasDraft, findFaults } = (await import(source)) as DraftModule;

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
