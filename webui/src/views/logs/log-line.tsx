/** One line: time, level, message and the rest in short; opened, every field with what can be done with it. */
import { Button, IconButton } from '../../components/button.js';
import { copyText } from '../../components/copy.js';
import { hashOf } from '../../shell/router.js';
import { extraFields, type LogRow, valueText } from './log-row.js';
import { t } from './text.js';

export interface LineProps {
  readonly row: LogRow;
  readonly isOpen: boolean;
  /** Reached by Tab; the other lines by the arrow keys. */
  readonly isCurrent: boolean;
  readonly isMarked: boolean;
  readonly isUtc: boolean;
  readonly isFiltered: boolean;
  readonly onToggle: (row: LogRow) => void;
  readonly onFocus: (row: LogRow) => void;
  readonly onContext: (row: LogRow) => void;
  readonly onFilter: (name: string, value: string) => void;
}

const MAX_SHORT_FIELDS = 6;
const MAX_SHORT_CHARACTERS = 80;

const two = (value: number): string => String(value).padStart(2, '0');

/** `14:05:09.120`; the whole instant is in the title. */
export function clockText(timeMs: number, isUtc: boolean): string {
  const at = new Date(isUtc ? timeMs : timeMs - new Date(timeMs).getTimezoneOffset() * 60_000);
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}.${String(at.getUTCMilliseconds()).padStart(3, '0')}`;
}

function dayText(timeMs: number, isUtc: boolean): string {
  const at = new Date(isUtc ? timeMs : timeMs - new Date(timeMs).getTimezoneOffset() * 60_000);
  return at.toISOString().slice(0, 10);
}

function Short({ row }: { row: LogRow }) {
  const fields = extraFields(row).slice(0, MAX_SHORT_FIELDS);
  return (
    <span class="log-short">
      {fields.map(([name, value]) => (
        <span key={name}>
          <span class="log-name">{name}=</span>
          {valueText(value).slice(0, MAX_SHORT_CHARACTERS)}{' '}
        </span>
      ))}
    </span>
  );
}

function stackOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'stack')) return undefined;
  const { stack } = value as { stack: unknown };
  return typeof stack === 'string' ? stack : undefined;
}

/** Ids lead to where they belong; everything else is text. */
function Value({ name, value }: { name: string; value: unknown }) {
  const stack = stackOf(value);
  if (stack !== undefined) return <pre class="log-stack">{stack}</pre>;
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : valueText(value);
  const target = name === 'session' || name === 'sessionKey' ? 'chat' : name === 'jobId' ? 'cron' : undefined;
  if (target !== undefined) return <a href={hashOf(target, [text])}>{text}</a>;
  return <code>{text}</code>;
}

function Details({ row, isFiltered, onContext, onFilter }: LineProps) {
  const fields = Object.entries(row.entry);
  return (
    <div class="log-details">
      <dl aria-label={t('details')}>
        {fields.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Value name={name} value={value} />
            </dd>
            <dd class="log-tools">
              {(typeof value !== 'object' || value === null) && name !== 'time' && (
                <IconButton
                  icon="search"
                  label={t('filterBy', { name })}
                  onClick={() => onFilter(name, typeof value === 'string' ? value : JSON.stringify(value))}
                />
              )}
              <IconButton
                icon="copy"
                label={t('copyValue', { name })}
                onClick={() => void copyText(typeof value === 'string' ? value : JSON.stringify(value))}
              />
            </dd>
          </div>
        ))}
      </dl>
      <div class="row">
        {isFiltered && (
          <Button icon="logs" onClick={() => onContext(row)}>
            {t('context')}
          </Button>
        )}
        <Button kind="quiet" icon="copy" onClick={() => void copyText(JSON.stringify(row.entry))}>
          {t('copyLine')}
        </Button>
      </div>
    </div>
  );
}

export function LogLine(props: LineProps) {
  const { row, isOpen, isCurrent, isMarked, isUtc, onToggle, onFocus } = props;
  if (row.isGap === true) return <p class="log-gap">{t('gap')}</p>;
  const level = row.level ?? 'other';
  return (
    <div class={`log-line ${level}${isMarked ? ' marked' : ''}`}>
      <button
        type="button"
        class="log-head"
        aria-expanded={isOpen}
        tabIndex={isCurrent ? 0 : -1}
        onClick={() => onToggle(row)}
        onFocus={() => onFocus(row)}
      >
        <span class="log-time" title={row.timeMs === undefined ? undefined : new Date(row.timeMs).toISOString()}>
          {row.timeMs !== undefined && <span class="log-day">{dayText(row.timeMs, isUtc)} </span>}
          {row.timeMs === undefined ? '—' : clockText(row.timeMs, isUtc)}
        </span>
        <span class="log-level">{row.level ?? '·'}</span>
        <span class="log-text">
          <span class="log-message">{row.message}</span> <Short row={row} />
        </span>
      </button>
      {isOpen && <Details {...props} />}
    </div>
  );
}
