/** What can be done with one session, wherever it is shown. */
import { copyText } from '../../components/copy.js';
import { Menu } from '../../components/menu.js';
import { plainText } from '../../components/plain-text.js';
import { attempt, download, fork, type SessionFacts } from './session-actions.js';
import { t } from './text.js';

export type RowAction = 'rename' | 'delete' | 'pin' | 'archive' | 'read' | 'tag';

/** @param props.onAct  does what needs a dialog, or changes what is shown */
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
