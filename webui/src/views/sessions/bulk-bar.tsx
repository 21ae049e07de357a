/** What can be done with the sessions that are selected. It takes the place of the filters: no row moves when it comes. */
import { Button } from '../../components/button.js';
import type { Selection } from './selection.js';
import type { Session } from './session-actions.js';
import type { RowAction } from './session-menu.js';
import { t } from './text.js';

export interface BulkBarProps {
  readonly selection: Selection;
  readonly onAct: (action: RowAction, sessions: readonly Session[]) => void;
}

export function BulkBar({ selection, onAct }: BulkBarProps) {
  const { selected } = selection;
  const act = (action: RowAction) => () => onAct(action, selected);
  return (
    <div class="row selection" role="toolbar" aria-label={t('selection')}>
      <span role="status">{t('selected', { count: selected.length })}</span>
      <Button icon="archive" onClick={act('archive')}>
        {t(selected.every(({ archived }) => archived) ? 'unarchive' : 'archive')}
      </Button>
      <Button icon="tag" onClick={act('tag')}>
        {t('tags')}
      </Button>
      <Button icon="pin" onClick={act('pin')}>
        {t(selected.every(({ pinned }) => pinned) ? 'unpin' : 'pin')}
      </Button>
      <Button icon="check" onClick={act('read')}>
        {t(selected.some(({ unread }) => unread) ? 'markRead' : 'markUnread')}
      </Button>
      <Button kind="danger" icon="trash" onClick={act('delete')}>
        {t('deleteSelected')}
      </Button>
      <span class="row spread">
        <Button kind="quiet" onClick={selection.selectAll}>
          {t('selectAll')}
        </Button>
        <Button kind="quiet" onClick={selection.clear}>
          {t('clear')}
        </Button>
      </span>
    </div>
  );
}
