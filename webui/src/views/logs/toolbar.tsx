/** Search, levels with their counts, time range and display options of the log. The address holds search, levels and range. */
import { IconButton } from '../../components/button/button.js';
import { copyText } from '../../browser/copy.js';
import { Menu, type MenuItem } from '../../components/menu/menu.js';
import { changeQuery } from '../../shell/router.js';
import type { ComponentChildren, RefObject } from 'preact';
import { countOf, countText, isLevelShown, LEVEL_CHIPS, type LevelCounts } from './level-counts.js';
import { t } from './text.js';
import { TimeRange } from './time-range.js';
import { shareAddress, type ViewState } from './view-state.js';

/** A display option, kept in this browser. */
export interface Switch {
  readonly isOn: boolean;
  readonly toggle: () => void;
}

export interface Switches {
  readonly wrap: Switch;
  readonly dense: Switch;
  readonly utc: Switch;
  /** On: repeated lines are not folded. */
  readonly unfold: Switch;
}

/** The position of the current match, from 1; 0 for none. */
export interface MatchPosition {
  readonly at: number;
  readonly count: number;
  readonly go: (step: 1 | -1) => void;
}

interface ToolbarProps {
  readonly view: ViewState;
  readonly counts: LevelCounts | undefined;
  readonly switches: Switches;
  readonly match: MatchPosition | undefined;
  readonly isFollowing: boolean;
  readonly searchField: RefObject<HTMLInputElement | null>;
  readonly downloads: readonly MenuItem[];
  readonly onFollow: () => void;
}

function LevelChips({ view: { level }, counts }: ToolbarProps) {
  const chosen = LEVEL_CHIPS.findLast((chip) => isLevelShown(chip, level));
  return (
    <div class="log-levels" role="group" aria-label={t('levels')}>
      {LEVEL_CHIPS.map((chip) => (
        <button
          key={chip.text}
          type="button"
          class={`level-chip ${chip.lowest ?? ''}${isLevelShown(chip, level) ? '' : ' out'}`}
          aria-pressed={chip === chosen}
          title={t(chip.hint)}
          onClick={() => changeQuery({ level: chip.lowest })}
        >
          <span>{t(chip.text)}</span>
          {counts !== undefined && <span class="level-count"> {countText(countOf(chip, counts), counts)}</span>}
        </button>
      ))}
    </div>
  );
}

function viewItems({ switches: { wrap, dense, utc, unfold } }: ToolbarProps): MenuItem[] {
  return [
    { label: t('wrap'), isChecked: wrap.isOn, run: wrap.toggle },
    { label: t('dense'), isChecked: dense.isOn, run: dense.toggle },
    { label: t('unfold'), isChecked: unfold.isOn, run: unfold.toggle },
    { label: t('utc'), isChecked: utc.isOn, run: utc.toggle },
  ];
}

function Matches({ match: { at, count, go } }: { match: MatchPosition }) {
  return (
    <div class="log-matches" role="group" aria-label={t('matches')}>
      <span class="muted" role="status">
        {t('matchAt', { at, count })}
      </span>
      <IconButton icon="up" label={t('matchBefore')} disabled={count === 0} onClick={() => go(-1)} />
      <IconButton icon="down" label={t('matchNext')} disabled={count === 0} onClick={() => go(1)} />
    </div>
  );
}

function Toggle({ label, isOn, onClick, children }: { label: string; isOn: boolean; onClick: () => void; children: ComponentChildren }) {
  return (
    <button type="button" class="log-toggle" aria-pressed={isOn} title={label} aria-label={label} onClick={onClick}>
      {children}
    </button>
  );
}

function Search({ view: { search, isRegex, isFind }, match, searchField }: ToolbarProps) {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' && event.key !== 'Enter') return;
    event.preventDefault();
    if (event.key === 'Enter') match?.go(event.shiftKey ? -1 : 1);
    else changeQuery({ q: undefined });
  };
  return (
    <div class="log-search">
      <input
        ref={searchField}
        type="search"
        aria-label={t('searchLabel')}
        placeholder={t(isRegex ? 'searchRegex' : 'search')}
        value={search}
        spellcheck={false}
        onInput={(event) => changeQuery({ q: event.currentTarget.value })}
        onKeyDown={onKeyDown}
      />
      <Toggle label={t('regex')} isOn={isRegex} onClick={() => changeQuery({ re: isRegex ? undefined : '1', all: undefined })}>
        <code>.*</code>
      </Toggle>
      <Toggle label={t('find')} isOn={isFind} onClick={() => changeQuery({ all: isFind ? undefined : '1', re: undefined })}>
        {t('findShort')}
      </Toggle>
      {match !== undefined && <Matches match={match} />}
    </div>
  );
}

export function Toolbar(props: ToolbarProps) {
  const { view, isFollowing, onFollow, downloads } = props;
  return (
    <div class="log-bar">
      <Search {...props} />
      <LevelChips {...props} />
      <TimeRange since={view.since} until={view.until} />
      <div class="row spread">
        <IconButton
          icon={isFollowing ? 'pause' : 'play'}
          label={isFollowing ? t('pause') : t('follow')}
          isPressed={isFollowing}
          onClick={onFollow}
        />
        <IconButton icon="copy" label={t('share')} onClick={() => void copyText(shareAddress(view))} />
        <Menu icon="download" label={t('download')} items={downloads} />
        <Menu label={t('display')} items={viewItems(props)} />
      </div>
    </div>
  );
}
