/** Search, levels with their counts, time range, and actions on the log. The address holds search, levels and range. */
import type { ComponentChildren, RefObject } from 'preact';
import { useState } from 'preact/hooks';
import { copyText } from '../../browser/copy.js';
import { isComposing } from '../../browser/is-composing.js';
import { useNarrow } from '../../browser/use-narrow.js';
import { session } from '../../api/session.js';
import { IconButton } from '../../components/button/button.js';
import { Dialog } from '../../components/dialog/dialog.js';
import { errorWords } from '../../components/feedback/error-words.js';
import { Menu, type MenuItem } from '../../components/menu/menu.js';
import { Segmented } from '../../components/segmented/segmented.js';
import { changeQuery } from '../../shell/router.js';
import { countOf, countText, isLevelShown, LEVEL_CHOICES, type LevelCounts } from './level-counts.js';
import { LevelControl } from './log-level/level-control.js';
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

/** Returns only the detail: what is wrong with the search. */
function faultText(error: unknown): string {
  const { text, detail } = errorWords(error);
  return detail ?? text;
}

interface FiltersProps {
  readonly view: ViewState;
  readonly isUtc: boolean;
  readonly counts: LevelCounts | undefined;
}

function Levels({ view: { level }, counts }: FiltersProps) {
  const chosen = LEVEL_CHOICES.findLast((choice) => isLevelShown(choice, level))?.text ?? 'levelDebug';
  const choices = LEVEL_CHOICES.map((choice) => ({
    value: choice.text,
    label: t(choice.text),
    note: counts && countText(countOf(choice, counts), counts),
    hint: t(choice.hint),
  }));
  const change = (text: (typeof LEVEL_CHOICES)[number]['text']): void =>
    changeQuery({ level: LEVEL_CHOICES.find((choice) => choice.text === text)?.lowest });
  return (
    <div class={`log-levels${(counts?.counts.error ?? 0) + (counts?.counts.fatal ?? 0) > 0 ? ' failing' : ''}`}>
      <Segmented label={t('levels')} value={chosen} choices={choices} onChange={change} isWideWhenNarrow />
    </div>
  );
}

/** On narrow screens the filters are in a sheet. */
function FilterSheet(props: FiltersProps) {
  const [isOpen, setOpen] = useState(false);
  const { level, since, until } = props.view;
  const isActive = level !== undefined || since !== '' || until !== '';
  return (
    <>
      <IconButton icon="filter" label={t('filters')} isPressed={isActive} onClick={() => setOpen(true)} />
      {isOpen && (
        <Dialog title={t('filters')} size="side" onClose={() => setOpen(false)}>
          <Levels {...props} />
          <TimeRange {...{ since, until }} isUtc={props.isUtc} />
          {session.value.only === undefined && <LevelControl />}
        </Dialog>
      )}
    </>
  );
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

interface SearchProps {
  readonly view: ViewState;
  readonly match: MatchPosition | undefined;
  readonly searchField: RefObject<HTMLInputElement | null>;
  /** Why the gateway rejects the search. */
  readonly refusal: unknown;
}

function Search({ view: { search, isRegex, isFind }, match, searchField, refusal }: SearchProps) {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
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
        aria-invalid={refusal !== undefined}
        aria-describedby="log-fault"
        placeholder={t(isRegex ? 'searchRegex' : 'search')}
        value={search}
        spellcheck={false}
        onInput={(event) => changeQuery({ q: event.currentTarget.value })}
        onKeyDown={onKeyDown}
      />
      {(search !== '' || isFind) && (
        <Toggle label={t('find')} isOn={isFind} onClick={() => changeQuery({ all: isFind ? undefined : '1', re: undefined })}>
          {t('findShort')}
        </Toggle>
      )}
      <Toggle label={t('regex')} isOn={isRegex} onClick={() => changeQuery({ re: isRegex ? undefined : '1', all: undefined })}>
        <code>.*</code>
      </Toggle>
    </div>
  );
}

export function Toolbar(props: FiltersProps & SearchProps) {
  const { view, match, refusal } = props;
  const isNarrow = useNarrow();
  return (
    <div class="log-bar">
      <Search {...props} />
      {match !== undefined && <Matches match={match} />}
      {isNarrow ? (
        <FilterSheet {...props} />
      ) : (
        <>
          <Levels {...props} />
          <TimeRange since={view.since} until={view.until} isUtc={props.isUtc} />
        </>
      )}
      <p class="log-fault" id="log-fault" role="status">
        {refusal !== undefined && faultText(refusal)}
      </p>
    </div>
  );
}

interface ToolsProps {
  readonly view: ViewState;
  readonly switches: Switches;
  readonly isFollowing: boolean;
  readonly downloads: readonly MenuItem[];
  readonly onFollow: () => void;
}

function viewItems({ view, switches: { wrap, dense, utc, unfold } }: ToolsProps): MenuItem[] {
  return [
    { label: t('wrap'), isChecked: wrap.isOn, run: wrap.toggle },
    { label: t('dense'), isChecked: dense.isOn, run: dense.toggle },
    { label: t('unfold'), isChecked: unfold.isOn, run: unfold.toggle },
    { label: t('utc'), isChecked: utc.isOn, run: utc.toggle },
    { label: t('share'), run: () => void copyText(shareAddress(view)) },
  ];
}

/** The content next to the title. */
export function Tools(props: ToolsProps) {
  const { isFollowing, onFollow, downloads } = props;
  return (
    <>
      {session.value.only === undefined && (
        <div class="log-level-wide">
          <LevelControl />
        </div>
      )}
      <IconButton icon={isFollowing ? 'pause' : 'play'} label={t(isFollowing ? 'pause' : 'toEnd')} onClick={onFollow} />
      <Menu icon="download" label={t('download')} items={downloads} />
      <Menu label={t('display')} items={viewItems(props)} />
    </>
  );
}
