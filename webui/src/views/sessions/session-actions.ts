/** Actions on sessions, as calls of the API. */
import type { ListedSession as Session, SessionDocument as SessionFacts } from '../../../../shared/api/sessions.js';
import { apiPath, call } from '../../api/client.js';
import { plainText } from '../../components/markdown/plain-text.js';
import { saveAnswer } from '../../browser/save-file.js';
import { attempt, showToast, showUndo } from '../../components/toast/toast.js';
import { hashOf, navigate } from '../../shell/router.js';
import { t } from './text.js';

/** A session as the list shows it, and what actions need of a session. */
export type { Session, SessionFacts };

export async function rename(key: string, title: string): Promise<void> {
  await call('PATCH', apiPath('/api/sessions/:key', { key }), { body: { title } });
}

/** The number of requests that a browser sends to one host at a time. */
const AT_ONCE = 6;

async function forEach(sessions: readonly SessionFacts[], action: (session: SessionFacts) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < sessions.length; at += AT_ONCE) await Promise.all(sessions.slice(at, at + AT_ONCE).map(action));
}

type Change = Partial<Pick<SessionFacts, 'pinned' | 'archived' | 'unread'>> & { readonly tags?: readonly string[] };

export async function changeEach(sessions: readonly SessionFacts[], changeOf: (session: SessionFacts) => Change): Promise<void> {
  await forEach(sessions, (session) => call('PATCH', apiPath('/api/sessions/:key', { key: session.key }), { body: changeOf(session) }));
}

/** Archives or unarchives sessions, with undo. @param settled  called when the list is out of date */
export async function archive(sessions: readonly SessionFacts[], isArchived: boolean, settled: () => void): Promise<void> {
  await changeEach(sessions, () => ({ archived: isArchived }));
  settled();
  const back = async (): Promise<void> => {
    await changeEach(sessions, ({ archived }) => ({ archived }));
    settled();
  };
  const text = t(isArchived ? 'wereArchived' : 'wereUnarchived', { count: sessions.length });
  showUndo(text, () => void attempt(back));
}

export async function fork(key: string): Promise<void> {
  const { session } = await call<{ session: SessionFacts }>('POST', apiPath('/api/sessions/:key/fork', { key }), { body: {} });
  navigate(hashOf('chat', [session.key]));
}

/** Deletes sessions, with undo. @param settled  called when the list is out of date */
export async function remove(sessions: readonly SessionFacts[], settled: () => void): Promise<void> {
  await forEach(sessions, ({ key }) => call('DELETE', apiPath('/api/sessions/:key', { key })));
  settled();
  const restore = async (): Promise<void> => {
    await forEach(sessions, ({ key }) => call('POST', apiPath('/api/sessions/:key/restore', { key })));
    settled();
  };
  const [first] = sessions;
  const text =
    sessions.length === 1 ? t('deleted', { title: plainText(first?.title ?? '') }) : t('deletedMany', { count: sessions.length });
  showUndo(text, () => void attempt(restore));
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
  const { session } = await call<{ session: SessionFacts }>('POST', '/api/sessions/import', options);
  showToast({ text: t('imported', { title: plainText(session.title) }) });
}
