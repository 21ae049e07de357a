/** The details of a line: its fields with their actions, and the lines folded into it. */
import { session } from '../../api/session.js';
import { Button, IconButton } from '../../components/button/button.js';
import { copyText } from '../../browser/copy.js';
import { fullTime } from '../../components/time-text/time-text.js';
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

function targetOf(name: string, text: string): string | undefined {
  if (CORRELATION.test(name)) return hashOf('logs', [], { q: withField('', name, text) });
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
  return target === undefined ? <code>{text}</code> : <a href={target}>{text}</a>;
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
        {canFilter && <IconButton icon="search" label={t('filterBy', { name })} onClick={() => onFilter(name, plainText(value))} />}
        <IconButton icon="copy" label={t('copyValue', { name })} onClick={() => void copyText(plainText(value))} />
      </dd>
    </div>
  );
}

interface DetailsProps {
  readonly item: LogItem;
  readonly isFiltered: boolean;
  readonly onContext: (row: LogRow) => void;
  readonly onFilter: (name: string, value: string) => void;
}

function Repeats({ row, repeats }: LogItem) {
  const first = row.timeMs;
  const last = repeats.at(-1)?.timeMs;
  if (first === undefined || last === undefined) return null;
  return <p class="hint">{t('repeated', { count: repeats.length + 1, first: fullTime(first), last: fullTime(last) })}</p>;
}

export function Details({ item, isFiltered, onContext, onFilter }: DetailsProps) {
  const { row, repeats, rest } = item;
  const lines = [row, ...repeats, ...rest].map(({ entry }) => JSON.stringify(entry));
  const isSearched = isFiltered || (address.value.query['q'] ?? '') !== '';
  return (
    <div class="log-details">
      {rest.length > 0 && <pre class="log-stack">{traceText(item)}</pre>}
      {repeats.length > 0 && <Repeats {...item} />}
      <dl aria-label={t('details')}>
        {Object.entries(row.entry).map(([name, value]) => (
          <Field key={name} name={name} value={value} onFilter={onFilter} />
        ))}
      </dl>
      <div class="row">
        {isSearched && <Button icon="logs" text={t('context')} onClick={() => onContext(row)} />}
        <Button
          kind="quiet"
          icon="copy"
          text={lines.length > 1 ? t('copyLines', { count: lines.length }) : t('copyLine')}
          onClick={() => void copyText(lines.join('\n'))}
        />
      </div>
    </div>
  );
}
