/** One session of the list. */
import { copyText } from '../../components/copy.js';
import { Menu } from '../../components/menu.js';
import { language } from '../../i18n/language.js';
import { hashOf } from '../../shell/router.js';
import { attempt, download, fork, type Session } from './session-actions.js';
import { t } from './text.js';

const STEPS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** `3 hours ago`; older than a month: the date. */
export function ageOf(iso: string, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - Date.parse(iso)) / 1_000);
  if (seconds > 30 * 86_400) return new Date(iso).toLocaleDateString(language.value);
  const format = new Intl.RelativeTimeFormat(language.value, { numeric: 'auto', style: 'short' });
  const [unit, size] = STEPS.find(([, length]) => seconds >= length) ?? ['second', 1];
  return format.format(unit === 'second' ? 0 : -Math.floor(seconds / size), unit);
}

export interface SessionRowProps {
  readonly session: Session;
  readonly isSelected: boolean;
  readonly isAnswering: boolean;
  readonly onSelect: (isSelected: boolean, isRange: boolean) => void;
  readonly onRename: () => void;
  readonly onDelete: () => void;
}

export function SessionRow({ session, isSelected, isAnswering, onSelect, onRename, onDelete }: SessionRowProps) {
  const { key, title, channel, messageCount, updatedAt, agentId } = session;
  const onClick = (event: MouseEvent): void => onSelect((event.currentTarget as HTMLInputElement).checked, event.shiftKey);
  return (
    <li>
      <input type="checkbox" aria-label={t('select', { title })} checked={isSelected} onClick={onClick} />
      <a class="session-link" href={hashOf('chat', [key])}>
        {isAnswering && <span class="pulse" role="img" aria-label={t('answering')} />}
        <span class="session-title">{title}</span>
      </a>
      <span class="chip">{channel}</span>
      <span class="session-facts">
        {agentId} · {t('messages', { count: messageCount })}
      </span>
      <time class="session-age" dateTime={updatedAt} title={new Date(updatedAt).toLocaleString(language.value)}>
        {ageOf(updatedAt, Date.now())}
      </time>
      <Menu
        label={t('actions', { title })}
        items={[
          { label: t('rename'), icon: 'edit', run: onRename },
          { label: t('fork'), icon: 'fork', run: () => void attempt(() => fork(key)) },
          { label: t('exportMarkdown'), icon: 'download', run: () => void attempt(() => download(key, 'markdown')) },
          { label: t('exportJson'), icon: 'download', run: () => void attempt(() => download(key, 'json')) },
          { label: t('copyKey'), icon: 'copy', run: () => void copyText(key) },
          { label: t('delete'), icon: 'trash', kind: 'danger', run: onDelete },
        ]}
      />
    </li>
  );
}
