import { expect, test, vi } from 'vitest';
import { runHook, settle } from '../../../../helpers/run-hook.js';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('window', new EventTarget());
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });

// By names that the compiler does not follow: it is code of the browser.
const sources = ['use-saving.js', 'draft.js'].map((name) => `../../../../../webui/src/views/cron/form/${name}`);
const [{ useSaving }, { draftOf }] = (await Promise.all(sources.map((source) => import(source)))) as [
  {
    useSaving(draft: object, save: () => Promise<void>): { readonly isBusy: boolean; onSubmit(event: object): void };
  },
  { draftOf(job: undefined, isCopy: boolean): object },
];

test('a form that is submitted again while it is saved is saved once', async () => {
  const draft = { ...draftOf(undefined, false), when: '0 9 * * *', message: 'Report' };
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  const save = vi.fn(() => promise);
  const hook = await runHook(() => useSaving(draft, save));
  const submit = async (): Promise<void> => {
    hook.now.onSubmit({ preventDefault: () => undefined });
    await settle();
  };
  await submit();
  await submit();
  expect(hook.now.isBusy).toBe(true);
  expect(save).toHaveBeenCalledTimes(1);
  resolve();
  await settle();
  await submit();
  expect(save).toHaveBeenCalledTimes(2);
});
