/** Search, levels with their counts, time, and how lines are shown. All of it is in the address. */
import { IconButton } from '../../components/button.js';
import { Menu } from '../../components/menu.js';
import { LOG_LEVELS, type LogLevel } from '../../../../shared/log/level.js';
import { changeQuery } from '../../shell/router.js';
import type { RefObject } from 'preact';
import { t } from './text.js';

export interface ToolbarProps {
  readonly search: string;
  readonly hidden: ReadonlySet<LogLevel>;
  readonly since: string;
  readonly counts: ReadonlyMap<LogLevel, number>;
  readonly isWrapped: boolean;
  readonly isUtc: boolean;
  readonly isFollowing: boolean;
  readonly searchField: RefObject<HTMLInputElement | null>;
  readonly onFollow: () => void;
  readonly onDownload: () => void;
  readonly onWrap: () => void;
  readonly onUtc: () => void;
}

export const SINCE = { '15m': 900_000, '1h': 3_600_000, '24h': 86_400_000 } as const;
export type Since = keyof typeof SINCE;

const SINCE_TEXT = { '15m': 'since15m', '1h': 'since1h', '24h': 'since24h' } as const;

export function hide(levels: Iterable<LogLevel>): void {
  changeQuery({ hide: [...levels].join(',') });
}

function LevelChips({ hidden, counts }: ToolbarProps) {
  const toggle = (level: LogLevel): void => {
    const next = new Set(hidden);
    if (!next.delete(level)) next.add(level);
    hide(next);
  };
  return (
    <div class="log-levels" role="group" aria-label={t('levels')}>
      {LOG_LEVELS.filter((level) => counts.has(level) || hidden.has(level)).map((level) => (
        <button key={level} type="button" class={`level-chip ${level}`} aria-pressed={!hidden.has(level)} onClick={() => toggle(level)}>
          <span>{level}</span> <span class="level-count">{(counts.get(level) ?? 0).toLocaleString()}</span>
        </button>
      ))}
    </div>
  );
}

const below = (least: LogLevel): readonly LogLevel[] => LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(least));

function presets({ isWrapped, isUtc, onWrap, onUtc }: ToolbarProps) {
  return [
    { label: t('presetAll'), run: () => hide([]) },
    { label: t('presetWarn'), run: () => hide(below('warn')) },
    { label: t('presetError'), run: () => hide(below('error')) },
    { label: t('wrap'), isChecked: isWrapped, run: onWrap },
    { label: t('utc'), isChecked: isUtc, run: onUtc },
  ];
}

export function Toolbar(props: ToolbarProps) {
  const { search, since, isFollowing, onFollow, onDownload, searchField } = props;
  return (
    <div class="log-bar">
      <input
        ref={searchField}
        type="search"
        aria-label={t('searchLabel')}
        placeholder={t('search')}
        value={search}
        onInput={(event) => changeQuery({ q: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.preventDefault();
          changeQuery({ q: undefined });
        }}
      />
      <LevelChips {...props} />
      <select aria-label={t('since')} value={since} onChange={(event) => changeQuery({ since: event.currentTarget.value })}>
        <option value="">{t('sinceAll')}</option>
        {Object.entries(SINCE_TEXT).map(([value, key]) => (
          <option key={value} value={value}>
            {t(key)}
          </option>
        ))}
      </select>
      <div class="row spread">
        <IconButton
          icon={isFollowing ? 'pause' : 'play'}
          label={isFollowing ? t('pause') : t('follow')}
          isPressed={isFollowing}
          onClick={onFollow}
        />
        <IconButton icon="download" label={t('download')} onClick={onDownload} />
        <Menu label={t('presets')} items={presets(props)} />
      </div>
    </div>
  );
}
