/** Actions on sessions, as calls of the API. */
import type { ListedSession as Session, SessionDocument as SessionFacts } from '../../../../shared/api/sessions.js';
import { ApiError, apiPath, call } from '../../api/client.js';
import { plainText } from '../../components/markdown/plain-text.js';
import { saveAnswer } from '../../browser/save-file.js';
import { attempt, showToast, showUndo } from '../../components/toast/toast.js';
import { hashOf, navigateLater } from '../../shell/router.js';
import { t } from './text.js';

/** A session as the list shows it, and what actions need of a session. */
export type { Session, SessionFacts };

export async function rename(key: string, title: string): Promise<void> {
  await call('PATCH', apiPath('/api/sessions/:key', { key }), { body: { title } });
}

/** The number of requests that a browser sends to one host at a time. */
const AT_ONCE = 6;

/** Called with the sessions that an action succeeded for, which the list shows out of date, if there are any. */
type Settled = (done: readonly SessionFacts[]) => void;

/** Does the action for every session, also after a failure. @throws the first failure, once `settled` was called for the others */
async function forEach(
  sessions: readonly SessionFacts[],
  action: (session: SessionFacts) => Promise<unknown>,
  settled: Settled,
): Promise<void> {
  const results: PromiseSettledResult<unknown>[] = [];
  for (let at = 0; at < sessions.length; at += AT_ONCE)
    results.push(...(await Promise.allSettled(sessions.slice(at, at + AT_ONCE).map(action))));
  const done = sessions.filter((_session, index) => results[index]?.status === 'fulfilled');
  if (done.length > 0) settled(done);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

type Change = Partial<Pick<SessionFacts, 'pinned' | 'archived' | 'unread'>> & Partial<Record<'addTags' | 'removeTags', readonly string[]>>;

export async function changeEach(
  sessions: readonly SessionFacts[],
  changeOf: (session: SessionFacts) => Change,
  settled: Settled,
): Promise<void> {
  const change = (session: SessionFacts): Promise<unknown> =>
    call('PATCH', apiPath('/api/sessions/:key', { key: session.key }), { body: changeOf(session) });
  await forEach(sessions, change, settled);
}

/** Archives or unarchives sessions, with undo. */
export async function archive(sessions: readonly SessionFacts[], isArchived: boolean, settled: Settled): Promise<void> {
  const change = (): Change => ({ archived: isArchived });
  await changeEach(sessions, change, (done) => {
    settled(done);
    const back = (): Promise<void> => changeEach(done, ({ archived }) => ({ archived }), settled);
    showUndo(t(isArchived ? 'wereArchived' : 'wereUnarchived', { count: done.length }), () => void attempt(back));
  });
}

/** Opens a copy of a session, unless the user has gone elsewhere. */
export async function fork(key: string): Promise<void> {
  const navigateThen = navigateLater();
  const { session } = await call<{ session: SessionFacts }>('POST', apiPath('/api/sessions/:key/fork', { key }), { body: {} });
  navigateThen(hashOf('chat', [session.key]));
}

/** Deletes sessions, with undo. */
export async function remove(sessions: readonly SessionFacts[], settled: Settled): Promise<void> {
  const deleteOne = ({ key }: SessionFacts): Promise<unknown> => call('DELETE', apiPath('/api/sessions/:key', { key }));
  const restoreOne = ({ key }: SessionFacts): Promise<unknown> => call('POST', apiPath('/api/sessions/:key/restore', { key }));
  await forEach(sessions, deleteOne, (done) => {
    settled(done);
    const [first] = done;
    const text = done.length === 1 ? t('deleted', { title: plainText(first?.title ?? '') }) : t('deletedMany', { count: done.length });
    showUndo(text, () => void attempt(() => forEach(done, restoreOne, settled)));
  });
}

export function download(key: string, format: 'json' | 'jsonl' | 'markdown'): Promise<void> {
  const path = apiPath('/api/sessions/:key/export', { key }, { format });
  return saveAnswer({ method: 'GET', path, isAction: true }, ({ headers }) => {
    const name = /filename\*=UTF-8''([^;]+)/.exec(headers.get('Content-Disposition') ?? '')?.[1];
    return name === undefined ? 'session' : decodeURIComponent(name);
  });
}

/** Imports a session. The browser streams the file from the disk. */
export async function importFile(file: File): Promise<void> {
  const type = /\.json$/i.test(file.name) ? 'application/json' : 'application/x-ndjson';
  const options = { body: file, headers: { 'Content-Type': type } };
  const { session } = await call<{ session: SessionFacts }>('POST', '/api/sessions/import', options).catch((error: unknown) => {
    const isWrong = error instanceof ApiError && error.code === 'INVALID_REQUEST';
    throw isWrong ? new Error(t('notImported', { name: file.name })) : error;
  });
  showToast({ text: t('imported', { title: plainText(session.title) }) });
}
