/** Usage: a bar per day, and the tokens and cost of each model, kind, agent, session and access token. */
import type { Usage, UsageAmounts as Amounts } from '../../../../shared/api/gateway/usage.js';
import { apiPath, call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { Empty, Filtered, Loaded } from '../../components/feedback/feedback.js';
import { dateText, dollars, shortCount } from '../../components/time-text/time-text.js';
import { Segmented } from '../../components/segmented/segmented.js';
import { Skeleton } from '../../components/skeleton/skeleton.js';
import { Stat, Stats } from '../../components/stat/stat.js';
import { Table } from '../../components/table/table.js';
import { language } from '../../i18n/language.js';
import { address, changeQuery, hashOf } from '../../shell/router.js';
import { t } from './text.js';

/** As long as usage is kept. */
const YEAR = '366';
const SPANS = ['7', '30', '90', YEAR] as const;
const BAR = { width: 10, gap: 3, height: 120 } as const;

function costText({ costUsd, unpricedTurns, unpricedCalls, turns, calls }: Amounts): string {
  const unpriced = unpricedTurns + unpricedCalls;
  if (unpriced > 0 && unpriced === turns + calls) return t('costUnknown');
  return unpriced > 0 ? t('costAtLeast', { cost: dollars(costUsd) }) : dollars(costUsd);
}

/** `Nov 27`. */
function dayName(date: string): string {
  return date === '' ? '' : dateText(Date.parse(date), { month: 'short', day: 'numeric', timeZone: 'UTC' });
}

function dayTotal(models: Usage['days'][number]['models']): { tokens: number; costUsd: number; turns: number; calls: number } {
  return models.reduce(
    (sum, { inputTokens, outputTokens, costUsd, turns, calls }) => ({
      tokens: sum.tokens + inputTokens + outputTokens,
      costUsd: sum.costUsd + costUsd,
      turns: sum.turns + turns,
      calls: sum.calls + calls,
    }),
    { tokens: 0, costUsd: 0, turns: 0, calls: 0 },
  );
}

/** Shows the cost where any is known, else tokens. */
function Chart({ days, hasCost }: { days: Usage['days']; hasCost: boolean }) {
  const totals = days.map(({ date, models }) => ({ date, ...dayTotal(models) }));
  const sizeOf = ({ costUsd, tokens }: (typeof totals)[number]): number => (hasCost ? costUsd : tokens);
  const most = Math.max(...totals.map(sizeOf), Number.MIN_VALUE);
  const width = totals.length * (BAR.width + BAR.gap);
  const first = totals[0]?.date ?? '';
  const mostText = hasCost ? dollars(most) : shortCount(most);
  const label = t('chart', { measure: t(hasCost ? 'cost' : 'tokens'), from: first, most: mostText });
  return (
    <figure class="card usage-chart">
      <figcaption>
        <h2>{t(hasCost ? 'costADay' : 'tokensADay')}</h2>
        <span class="muted number">{t('atMost', { most: mostText })}</span>
      </figcaption>
      <svg viewBox={`0 0 ${width} ${BAR.height}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {totals.map((day, index) => {
          const height = Math.max(sizeOf(day) > 0 ? 2 : 0.6, (sizeOf(day) / most) * BAR.height);
          const { date, turns, calls } = day;
          const text = t('dayText', { date, turns, calls, tokens: shortCount(day.tokens), cost: dollars(day.costUsd) });
          return (
            <g key={day.date}>
              <title>{text}</title>
              <rect class="day" x={index * (BAR.width + BAR.gap)} y={0} width={BAR.width + BAR.gap} height={BAR.height} />
              <rect x={index * (BAR.width + BAR.gap)} y={BAR.height - height} width={BAR.width} height={height} />
            </g>
          );
        })}
      </svg>
      <p class="usage-days muted number" aria-hidden="true">
        <span>{dayName(first)}</span>
        <span>{dayName(totals.at(-1)?.date ?? '')}</span>
      </p>
    </figure>
  );
}

type Row = Amounts & { readonly name: string; readonly id?: string; readonly href?: string };

function AmountTable({ title, rows, isCode = false }: { title: string; rows: readonly Row[]; isCode?: boolean }) {
  const hasCalls = rows.some(({ calls }) => calls > 0);
  const names = [t('turns'), ...(hasCalls ? [t('otherCalls')] : []), t('input'), t('cached'), t('output'), t('cost')];
  const columns = [{ key: 'name', name: t('name') }, ...names.map((name) => ({ key: name, name, isNumber: true }))];
  return (
    <section class="section usage-table">
      <h2>{title}</h2>
      <Table label={title} columns={columns}>
        {rows.map((row) => (
          <tr key={row.id ?? row.href ?? row.name}>
            <th scope="row">
              {row.href !== undefined && <a href={row.href}>{row.name}</a>}
              {row.href === undefined && (isCode ? <code>{row.name}</code> : row.name)}
            </th>
            {[
              row.turns.toLocaleString(language.value),
              ...(hasCalls ? [row.calls.toLocaleString(language.value)] : []),
              shortCount(row.inputTokens),
              shortCount(row.cacheReadTokens),
              shortCount(row.outputTokens),
              costText(row),
            ].map((value, index) => (
              <td key={names[index]} class="number" data-label={names[index]}>
                {value}
              </td>
            ))}
          </tr>
        ))}
      </Table>
    </section>
  );
}

function shownSpan(): (typeof SPANS)[number] {
  const { days = '30' } = address.value.query;
  return SPANS.find((known) => known === days) ?? '30';
}

export function UsageSpan() {
  const choices = SPANS.map((value) => ({ value, label: value === YEAR ? t('year') : t('days', { count: Number(value) }) }));
  return <Segmented label={t('span')} value={shownSpan()} choices={choices} onChange={(days) => changeQuery({ days })} />;
}

export function UsageTab() {
  const days = shownSpan();
  const query = { days, utcOffsetMinutes: -new Date().getTimezoneOffset() };
  const usage = useResource((signal) => call<Usage>('GET', apiPath('/api/usage', {}, query), { signal }), [days]);
  if (usage.value === undefined && usage.error === undefined) return <Skeleton lines={6} />;
  return (
    <Filtered isEarlier={usage.isEarlier}>
      <Loaded of={usage}>{(value) => <Report usage={value} />}</Loaded>
    </Filtered>
  );
}

function Report({ usage: { total, days, models, kinds, agents, sessions, tokens } }: { usage: Usage }) {
  if (total.turns + total.calls === 0) {
    return (
      <Empty title={t('noUsage')} icon="models">
        {t('noUsageText')}
      </Empty>
    );
  }
  const unpriced = total.unpricedTurns + total.unpricedCalls;
  return (
    <>
      <Stats>
        <Stat name={t('cost')} value={costText(total)} />
        <Stat
          name={t('turns')}
          value={total.turns.toLocaleString(language.value)}
          note={total.calls > 0 ? t('callsBeside', { count: total.calls }) : undefined}
        />
        <Stat
          name={t('input')}
          value={shortCount(total.inputTokens)}
          note={total.cacheReadTokens > 0 ? t('cachedOf', { tokens: shortCount(total.cacheReadTokens) }) : undefined}
        />
        <Stat name={t('output')} value={shortCount(total.outputTokens)} />
      </Stats>
      <Chart days={days} hasCost={total.costUsd > 0} />
      <AmountTable title={t('byModel')} isCode rows={models.map((row) => ({ ...row, name: row.model }))} />
      {total.calls > 0 && <AmountTable title={t('byKind')} rows={kinds.map(({ kind, ...row }) => ({ ...row, name: t(`kind-${kind}`) }))} />}
      {agents.length > 1 && <AmountTable title={t('byAgent')} rows={agents.map(({ agentId, ...row }) => ({ ...row, name: agentId }))} />}
      <AmountTable title={t('bySession')} rows={sessions.map((row) => ({ ...row, name: row.title, href: hashOf('chat', [row.key]) }))} />
      {tokens.length > 0 && <AmountTable title={t('byToken')} rows={tokens} />}
      {unpriced > 0 && <p class="hint">{t('unpricedText', { count: unpriced })}</p>}
    </>
  );
}
