/** One line of the log: time, level, message and short fields. It opens its details. */
import { fieldTime, relativeTime } from '../../components/time-text/time-text.js';
import { Marked } from '../../components/marked/marked.js';
import { language } from '../../i18n/language.js';
import type { Marks } from './log-filter.js';
import type { LogItem } from './log-items.js';
import { extraFields, type LogRow, valueText } from './log-row.js';
import { t } from './text.js';

interface LineProps {
  readonly item: LogItem;
  /** Whether its details are shown. */
  readonly isOpen: boolean;
  /** Whether Tab reaches the line; the arrow keys reach the others. */
  readonly isCurrent: boolean;
  readonly isMarked: boolean;
  readonly isUtc: boolean;
  readonly marks: Marks;
  readonly onOpen: (item: LogItem) => void;
  readonly onFocus: (row: LogRow) => void;
}

const MAX_SHORT_FIELDS = 6;
const MAX_SHORT_CHARACTERS = 80;

/** `14:05:09.120`; on another day than today `11-24 14:05:09`. */
function shortTime(timeMs: number, isUtc: boolean): string {
  const [day = '', clock = ''] = fieldTime(timeMs, isUtc, 23).split('T');
  const isToday = fieldTime(Date.now(), isUtc).startsWith(day);
  return isToday ? clock : `${day.slice(5)} ${clock.slice(0, 8)}`;
}

function Short({ row, marks }: { row: LogRow; marks: Marks }) {
  const fields = extraFields(row).slice(0, MAX_SHORT_FIELDS);
  return (
    <span class="log-short">
      {fields.map(([name, value]) => {
        const own = marks.inField.get(name);
        return (
          <span key={name}>
            <span class="log-name">{name}=</span>
            <Marked
              text={valueText(value).slice(0, MAX_SHORT_CHARACTERS)}
              needles={own === undefined ? marks.anywhere : [own, ...marks.anywhere]}
            />{' '}
          </span>
        );
      })}
    </span>
  );
}

function Time({ row: { timeMs }, isUtc }: { row: LogRow; isUtc: boolean }) {
  if (timeMs === undefined) return <span class="log-time" />;
  return (
    <span class="log-time" title={`${new Date(timeMs).toISOString()} · ${relativeTime(timeMs)}`}>
      {shortTime(timeMs, isUtc)}
    </span>
  );
}

export function LogLine({ item, isOpen, isCurrent, isMarked, isUtc, marks, onOpen, onFocus }: LineProps) {
  const { row, repeats, rest } = item;
  if (row.isGap === true) return <p class="log-gap">{t('gap')}</p>;
  const needles = row.matches ?? marks.anywhere;
  const shownMarks = row.matches === undefined ? marks : { ...marks, anywhere: row.matches };
  return (
    <div class={`log-line ${row.level ?? 'other'}${isMarked ? ' marked' : ''}${isOpen ? ' open' : ''}`}>
      <button
        type="button"
        class="log-head"
        aria-haspopup="dialog"
        tabIndex={isCurrent ? 0 : -1}
        onClick={() => onOpen(item)}
        onFocus={() => onFocus(row)}
      >
        <Time row={row} isUtc={isUtc} />
        <span class="log-level">{row.level}</span>
        <span class="log-text">
          {repeats.length > 0 && <span class="log-fold">×{(repeats.length + 1).toLocaleString(language.value)}</span>}
          <span class="log-message">
            <Marked text={row.message} needles={needles} />
          </span>{' '}
          {rest.length > 0 && <span class="log-fold">{t('traceLines', { count: rest.length })}</span>}
          <Short row={row} marks={shownMarks} />
        </span>
      </button>
    </div>
  );
}
