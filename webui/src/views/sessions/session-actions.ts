/** What can be done with a session, each as calls that anybody can make. */
import type { z } from 'zod';
import type { sessionDocument, sessionListResponse } from '../../../../shared/api/sessions.js';
import { apiPath, call, request } from '../../api/client.js';
import { errorText } from '../../components/feedback.js';
import { plainText } from '../../components/plain-text.js';
import { showToast, showUndo } from '../../components/toast.js';
import { hashOf, navigate } from '../../shell/router.js';
import { t } from './text.js';

export type SessionList = z.output<ReturnType<typeof sessionListResponse>>;
export type Session = SessionList['sessions'][number];
/** What is done to it needs no more of a session than this. */
export type SessionFacts = z.output<ReturnType<typeof sessionDocument>>;

interface SessionAnswer {
  readonly session: Session;
}

/** Runs it; what fails is said. */
export async function attempt(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    showToast({ text: errorText(error), kind: 'error' });
  }
}

export async function rename(key: string, title: string): Promise<void> {
  await call('PATCH', apiPath('/api/sessions/:key', { key }), { body: { title } });
}

/** As many at once as a browser sends to one host. */
const AT_ONCE = 6;

async function forEach(sessions: readonly SessionFacts[], action: (session: SessionFacts) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < sessions.length; at += AT_ONCE) await Promise.all(sessions.slice(at, at + AT_ONCE).map(action));
}

export interface Change {
  readonly pinned?: boolean;
  readonly archived?: boolean;
  readonly unread?: boolean;
  readonly tags?: readonly string[];
}

export async function changeEach(sessions: readonly SessionFacts[], changeOf: (session: SessionFacts) => Change): Promise<void> {
  await forEach(sessions, (session) => call('PATCH', apiPath('/api/sessions/:key', { key: session.key }), { body: changeOf(session) }));
}

/** Archives them, or takes them out; with a way back. @param settled  called when the list is no longer true */
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
  const { session } = await call<SessionAnswer>('POST', apiPath('/api/sessions/:key/fork', { key }), { body: {} });
  navigate(hashOf('chat', [session.key]));
}

/** @param settled  called when the list is no longer true */
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

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}

export async function download(key: string, format: 'json' | 'jsonl' | 'markdown'): Promise<void> {
  const response = await request({ method: 'GET', path: apiPath('/api/sessions/:key/export', { key }, { format }), isAction: true });
  const disposition = response.headers.get('Content-Disposition') ?? '';
  const name = /filename\*=UTF-8''([^;]+)/.exec(disposition)?.[1];
  save(await response.blob(), name === undefined ? 'session' : decodeURIComponent(name));
}

/** The browser sends it as it lies on the disk, however long it is. */
export async function importFile(file: File): Promise<void> {
  const type = /\.json$/i.test(file.name) ? 'application/json' : 'application/x-ndjson';
  const options = { body: file, headers: { 'Content-Type': type } };
  const { session } = await call<SessionAnswer>('POST', '/api/sessions/import', options);
  showToast({ text: t('imported', { title: plainText(session.title) }) });
}
