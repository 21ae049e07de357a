/** The actions on the selected sessions. The bar is below the list, so that no row moves. */
import { useNarrow } from '../../browser/use-narrow.js';
import { Button, IconButton } from '../../components/button/button.js';
import type { IconName } from '../../components/icon/icon.js';
import { language } from '../../i18n/language.js';
import type { Selection } from './selection.js';
import type { Session } from './session-actions.js';
import type { RowAction } from './session-menu.js';
import { t } from './text.js';

export function BulkBar({ selection, onAct }: { selection: Selection; onAct: (action: RowAction, sessions: readonly Session[]) => void }) {
  const { selected } = selection;
  const isNarrow = useNarrow();
  // A phone has room for icons only.
  const button = (icon: IconName, text: string, onClick: () => void) =>
    isNarrow ? (
      <IconButton icon={icon} label={text} onClick={onClick} />
    ) : (
      <Button kind="quiet" icon={icon} text={text} onClick={onClick} />
    );
  const count = t('selected', { count: selected.length });
  const action = (name: RowAction, icon: IconName, text: string) => button(icon, text, () => onAct(name, selected));
  return (
    <div class="selection" role="toolbar" aria-label={t('selection')}>
      <IconButton icon="close" label={t('clear')} onClick={selection.clear} />
      <span role="status" aria-label={count}>
        {isNarrow ? selected.length.toLocaleString(language.value) : count}
      </span>
      {button('selectAll', t('selectAll'), selection.selectAll)}
      {action('archive', 'archive', t(selected.every(({ archived }) => archived) ? 'unarchive' : 'archive'))}
      {action('tag', 'tag', t('tags'))}
      {action('pin', 'pin', t(selected.every(({ pinned }) => pinned) ? 'unpin' : 'pin'))}
      {action('read', 'check', t(selected.some(({ unread }) => unread) ? 'markRead' : 'markUnread'))}
      <span class="delete">{action('delete', 'trash', t('deleteSelected'))}</span>
    </div>
  );
}
