/** The menu of a session and its actions, for the list and the chat. */
import { useState } from 'preact/hooks';
import { copyText } from '../../browser/copy.js';
import { Menu } from '../../components/menu/menu.js';
import { plainText } from '../../components/markdown/plain-text.js';
import { attempt } from '../../components/toast/toast.js';
import { archive, changeEach, download, fork, remove, type SessionFacts } from './session-actions.js';
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
        { label: t('fork'), icon: 'fork', run: () => void attempt(() => fork(key)) },
        { label: t('exportMarkdown'), icon: 'download', run: () => void attempt(() => download(key, 'markdown')) },
        { label: t('exportJson'), icon: 'download', run: () => void attempt(() => download(key, 'json')) },
        { label: t('exportJsonLines'), icon: 'download', run: () => void attempt(() => download(key, 'jsonl')) },
        { label: t('copyKey'), icon: 'copy', run: () => void copyText(key) },
        { label: t('delete'), icon: 'trash', kind: 'danger', run: () => onAct('delete') },
      ]}
    />
  );
}

const keysOf = (sessions: readonly SessionFacts[]): string[] => sessions.map(({ key }) => key);

/** @param options.changed  called with the keys of sessions that the list shows out of date */
export function useActions({ changed, clear }: { changed: (keys: readonly string[]) => void; clear: () => void }) {
  const [opened, setOpened] = useState<{ kind: 'rename' | 'tag'; sessions: readonly SessionFacts[] } | undefined>(undefined);
  const change = async (sessions: readonly SessionFacts[], values: Parameters<typeof changeEach>[1]): Promise<void> => {
    await changeEach(sessions, values);
    changed(keysOf(sessions));
  };
  const act = (action: RowAction, sessions: readonly SessionFacts[]): void => {
    const settled = (): void => changed(keysOf(sessions));
    switch (action) {
      case 'rename':
      case 'tag':
        return setOpened({ kind: action, sessions });
      case 'pin':
        return void attempt(() => change(sessions, () => ({ pinned: !sessions.every(({ pinned }) => pinned) })));
      case 'read':
        return void attempt(() => change(sessions, () => ({ unread: !sessions.some(({ unread }) => unread) })));
      case 'archive':
        clear();
        return void attempt(() => archive(sessions, !sessions.every(({ archived }) => archived), settled));
      case 'delete':
        clear();
        return void attempt(() => remove(sessions, settled));
    }
  };
  return { opened, act, close: () => setOpened(undefined), done: () => changed(keysOf(opened?.sessions ?? [])) };
}
