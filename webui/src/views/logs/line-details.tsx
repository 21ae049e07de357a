/** The details of a line in a drawer: its fields with their actions, and the lines folded into it. */
import { session } from '../../api/session.js';
import { copyText } from '../../browser/copy.js';
import { Button, IconButton } from '../../components/button/button.js';
import { Dialog } from '../../components/dialog/dialog.js';
import { fullTime, relativeTime } from '../../components/time-text/time-text.js';
import { withField } from '../../../../shared/log/search.js';
import { address, hashOf } from '../../shell/router.js';
import type { LogItem } from './log-items.js';
import { traceText } from './log-items.js';
import { type LogRow, valueText } from './log-row.js';
import { t } from './text.js';

function stackOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'stack')) return undefined;
  const { stack } = value as { stack: unknown };
  return typeof stack === 'string' ? stack : undefined;
}

/** Ids that correlate log lines. */
const CORRELATION = /^(?:request|run|turn|message|instance|delivery)Id$/;
/** Those whose lines are offered first, the narrowest first. */
const RELATED = [
  ['requestId', 'linesOfRequest'],
  ['turnId', 'linesOfTurn'],
  ['runId', 'linesOfRun'],
] as const;

const linesWith = (name: string, value: string): string => hashOf('logs', [], { q: withField('', name, value) });

function targetOf(name: string, text: string): string | undefined {
  if (CORRELATION.test(name)) return linesWith(name, text);
  if (session.value.only !== undefined) return undefined;
  if (name === 'session' || name === 'sessionKey') return hashOf('chat', [text]);
  return name === 'jobId' ? hashOf('cron', [text]) : undefined;
}

/** A field's value; ids link to what they name. */
function Value({ name, value }: { name: string; value: unknown }) {
  const stack = stackOf(value);
  if (stack !== undefined) return <pre class="log-stack">{stack}</pre>;
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : valueText(value);
  const target = targetOf(name, text);
  return target === undefined ? <>{text}</> : <a href={target}>{text}</a>;
}

const plainText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function Field({ name, value, onFilter }: { name: string; value: unknown; onFilter: (name: string, value: string) => void }) {
  const canFilter = (typeof value !== 'object' || value === null) && name !== 'time';
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Value name={name} value={value} />
      </dd>
      <dd class="log-tools">
        {canFilter && <IconButton icon="filter" label={t('filterBy', { name })} onClick={() => onFilter(name, plainText(value))} />}
        <IconButton icon="copy" label={t('copyValue', { name })} onClick={() => void copyText(plainText(value))} />
      </dd>
    </div>
  );
}

function Repeats({ row, repeats }: LogItem) {
  const first = row.timeMs;
  const last = repeats.at(-1)?.timeMs;
  if (first === undefined || last === undefined) return null;
  return <p class="hint">{t('repeated', { count: repeats.length + 1, first: fullTime(first), last: fullTime(last) })}</p>;
}

/** The message of the line, and its time. */
function Summary({ item }: { item: LogItem }) {
  const { row, repeats, rest } = item;
  return (
    <div class={`log-summary ${row.level ?? 'other'}`}>
      <p class="row">
        {row.level !== undefined && <span class="log-level">{row.level}</span>}
        {row.timeMs !== undefined && (
          <time class="muted" dateTime={new Date(row.timeMs).toISOString()} title={relativeTime(row.timeMs)}>
            {fullTime(row.timeMs)}
          </time>
        )}
      </p>
      {rest.length > 0 ? <pre class="log-stack">{traceText(item)}</pre> : <p class="log-said">{row.message}</p>}
      {repeats.length > 0 && <Repeats {...item} />}
    </div>
  );
}

interface DrawerProps {
  readonly item: LogItem;
  readonly isFiltered: boolean;
  readonly onContext: (row: LogRow) => void;
  readonly onFilter: (name: string, value: string) => void;
  readonly onClose: () => void;
}

export function LineDrawer({ item, isFiltered, onContext, onFilter, onClose }: DrawerProps) {
  const { row, repeats, rest } = item;
  const lines = [row, ...repeats, ...rest].map(({ entry }) => JSON.stringify(entry));
  const isSearched = isFiltered || (address.value.query['q'] ?? '') !== '';
  const related = RELATED.flatMap(([name, text]) => {
    const id = row.entry[name];
    return typeof id === 'string' ? [{ text, hash: linesWith(name, id) }] : [];
  }).slice(0, 1);
  // The message is above them.
  const fields = Object.entries(row.entry).filter(([name, value]) => name !== 'msg' || typeof value !== 'string');
  const closing =
    <Values extends unknown[]>(act: (...values: Values) => void) =>
    (...values: Values): void => {
      onClose();
      act(...values);
    };
  // A link changes the lines below the drawer.
  const onClick = ({ target }: MouseEvent): void => {
    if ((target as Element).closest('a') !== null) onClose();
  };
  return (
    <Dialog title={t('line')} size="side" onClose={onClose}>
      <div class="log-details" onClick={onClick}>
        <Summary item={item} />
        <div class="row">
          {related.map(({ text, hash }) => (
            <Button key={hash} text={t(text)} href={hash} />
          ))}
          {isSearched && <Button icon="logs" text={t('context')} onClick={() => closing(onContext)(row)} />}
          <Button
            icon="copy"
            text={lines.length > 1 ? t('copyLines', { count: lines.length }) : t('copyLine')}
            onClick={() => void copyText(lines.join('\n'))}
          />
        </div>
        <dl aria-label={t('details')}>
          {fields.map(([name, value]) => (
            <Field key={name} name={name} value={value} onFilter={closing(onFilter)} />
          ))}
        </dl>
      </div>
    </Dialog>
  );
}
