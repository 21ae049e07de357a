/** The actions on the selected sessions. The bar is below the list, so that no row moves. */
import { Button, IconButton } from '../../components/button/button.js';
import type { Selection } from './selection.js';
import type { Session } from './session-actions.js';
import type { RowAction } from './session-menu.js';
import { t } from './text.js';

export function BulkBar({ selection, onAct }: { selection: Selection; onAct: (action: RowAction, sessions: readonly Session[]) => void }) {
  const { selected } = selection;
  const act = (action: RowAction) => () => onAct(action, selected);
  return (
    <div class="selection" role="toolbar" aria-label={t('selection')}>
      <span role="status">{t('selected', { count: selected.length })}</span>
      <Button
        kind="quiet"
        icon="archive"
        text={t(selected.every(({ archived }) => archived) ? 'unarchive' : 'archive')}
        onClick={act('archive')}
      />
      <Button kind="quiet" icon="tag" text={t('tags')} onClick={act('tag')} />
      <Button kind="quiet" icon="pin" text={t(selected.every(({ pinned }) => pinned) ? 'unpin' : 'pin')} onClick={act('pin')} />
      <Button kind="quiet" icon="check" text={t(selected.some(({ unread }) => unread) ? 'markRead' : 'markUnread')} onClick={act('read')} />
      <Button kind="danger" icon="trash" text={t('deleteSelected')} onClick={act('delete')} />
      <Button kind="quiet" text={t('selectAll')} onClick={selection.selectAll} />
      <IconButton icon="close" label={t('clear')} onClick={selection.clear} />
    </div>
  );
}
