/** The menu of a session and its actions, for the list and the chat. */
import { useState } from 'preact/hooks';
import { copyText } from '../../browser/copy.js';
import { Menu } from '../../components/menu/menu.js';
import { plainText } from '../../components/markdown/plain-text.js';
import { attempt, attemptOnce } from '../../components/toast/toast.js';
import { archive, changeEach, download, fork, remove, type SessionFacts } from './session-actions.js';
import type { Selection } from './selection.js';
import { t } from './text.js';

export type RowAction = 'rename' | 'delete' | 'pin' | 'archive' | 'read' | 'tag';

/** @param props.onAct  does the actions that need a dialog or change the shown data */
export function SessionMenu({ session, onAct }: { session: SessionFacts; onAct: (action: RowAction) => void }) {
  const { key, pinned, archived, unread } = session;
  const title = plainText(session.title);
  return (
    <Menu
      label={t('actions', { title })}
      items={[
        { label: t('rename'), icon: 'edit', run: () => onAct('rename') },
        { label: t(pinned ? 'unpin' : 'pin'), icon: 'pin', run: () => onAct('pin') },
        { label: t('tags'), icon: 'tag', run: () => onAct('tag') },
        { label: t(unread ? 'markRead' : 'markUnread'), icon: 'check', run: () => onAct('read') },
        { label: t(archived ? 'unarchive' : 'archive'), icon: 'archive', run: () => onAct('archive') },
        { label: t('fork'), icon: 'fork', startsGroup: true, run: () => void attemptOnce(`fork ${key}`, () => fork(key)) },
        { label: t('copyKey'), icon: 'copy', run: () => void copyText(key) },
        { label: t('exportMarkdown'), icon: 'download', startsGroup: true, run: () => void attempt(() => download(key, 'markdown')) },
        { label: t('exportJson'), icon: 'download', run: () => void attempt(() => download(key, 'json')) },
        { label: t('exportJsonLines'), icon: 'download', run: () => void attempt(() => download(key, 'jsonl')) },
        { label: t('delete'), icon: 'trash', kind: 'danger', startsGroup: true, run: () => onAct('delete') },
      ]}
    />
  );
}

const keysOf = (sessions: readonly SessionFacts[]): string[] => sessions.map(({ key }) => key);

interface ActionsOptions {
  /** Called with the keys of sessions that the list shows out of date. */
  readonly changed: (keys: readonly string[]) => void;
  readonly deselect: Selection['deselect'];
}

export function useActions({ changed, deselect }: ActionsOptions) {
  const [opened, setOpened] = useState<{ kind: 'rename' | 'tag'; sessions: readonly SessionFacts[] } | undefined>(undefined);
  const settled = (done: readonly SessionFacts[]): void => changed(keysOf(done));
  /** Takes the sessions out of the selection; those that the action fails for are selected again. */
  const takeAway = async (
    sessions: readonly SessionFacts[],
    action: (settled: (done: readonly SessionFacts[]) => void) => Promise<void>,
  ): Promise<void> => {
    const left = new Set(keysOf(sessions));
    const reselect = deselect(left);
    const isDone = await attempt(() =>
      action((done) => {
        for (const { key } of done) left.delete(key);
        settled(done);
      }),
    );
    if (!isDone) reselect(left);
  };
  const act = (action: RowAction, sessions: readonly SessionFacts[]): void => {
    switch (action) {
      case 'rename':
      case 'tag':
        return setOpened({ kind: action, sessions });
      case 'pin':
        return void attempt(() => changeEach(sessions, () => ({ pinned: !sessions.every(({ pinned }) => pinned) }), settled));
      case 'read':
        return void attempt(() => changeEach(sessions, () => ({ unread: !sessions.some(({ unread }) => unread) }), settled));
      case 'archive':
        return void takeAway(sessions, (after) => archive(sessions, !sessions.every(({ archived }) => archived), after));
      case 'delete':
        return void takeAway(sessions, (after) => remove(sessions, after));
    }
  };
  return { opened, act, close: () => setOpened(undefined), done: () => changed(keysOf(opened?.sessions ?? [])) };
}
