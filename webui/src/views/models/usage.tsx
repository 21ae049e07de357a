/** Usage: a bar per day, and the tokens and cost of each model and session. */
import type { Usage, UsageAmounts as Amounts } from '../../../../shared/api/gateway/usage.js';
import { apiPath, call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { Empty, Loaded } from '../../components/feedback/feedback.js';
import { shortCount } from '../../components/time-text/time-text.js';
import { SelectField } from '../../components/field/field.js';
import { address, changeQuery, hashOf } from '../../shell/router.js';
import { dollars } from './money.js';
import { t } from './text.js';

const SPANS = ['7', '30', '90', '366'] as const;
const BAR = { width: 10, gap: 3, height: 120 } as const;

function costText({ costUsd, unpricedTurns, turns }: Amounts): string {
  if (turns > 0 && unpricedTurns === turns) return t('costUnknown');
  return unpricedTurns > 0 ? t('costAtLeast', { cost: dollars(costUsd) }) : dollars(costUsd);
}

function dayTotal(models: Usage['days'][number]['models']): { tokens: number; costUsd: number; turns: number } {
  return models.reduce(
    (sum, { inputTokens, outputTokens, costUsd, turns }) => ({
      tokens: sum.tokens + inputTokens + outputTokens,
      costUsd: sum.costUsd + costUsd,
      turns: sum.turns + turns,
    }),
    { tokens: 0, costUsd: 0, turns: 0 },
  );
}

/** Shows the cost where any is known, else tokens. */
function Chart({ days, hasCost }: { days: Usage['days']; hasCost: boolean }) {
  const totals = days.map(({ date, models }) => ({ date, ...dayTotal(models) }));
  const sizeOf = ({ costUsd, tokens }: (typeof totals)[number]): number => (hasCost ? costUsd : tokens);
  const most = Math.max(...totals.map(sizeOf), Number.MIN_VALUE);
  const width = totals.length * (BAR.width + BAR.gap);
  const first = totals[0]?.date ?? '';
  const label = t('chart', { measure: t(hasCost ? 'cost' : 'tokens'), from: first, most: hasCost ? dollars(most) : shortCount(most) });
  return (
    <figure class="usage-chart">
      <svg viewBox={`0 0 ${width} ${BAR.height}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {totals.map((day, index) => {
          const height = Math.max(sizeOf(day) > 0 ? 2 : 0.6, (sizeOf(day) / most) * BAR.height);
          const text = t('dayText', { date: day.date, turns: day.turns, tokens: shortCount(day.tokens), cost: dollars(day.costUsd) });
          return (
            <rect key={day.date} x={index * (BAR.width + BAR.gap)} y={BAR.height - height} width={BAR.width} height={height}>
              <title>{text}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption class="row muted">
        <span>{first}</span>
        <span>{label}</span>
        <span>{totals.at(-1)?.date}</span>
      </figcaption>
    </figure>
  );
}

function AmountTable({ title, rows }: { title: string; rows: readonly (Amounts & { readonly name: string; readonly href?: string })[] }) {
  return (
    <section class="card usage-table">
      <h2>{title}</h2>
      <div class="scrolled" tabIndex={0} role="region" aria-label={title}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t('name')}</th>
              <th scope="col">{t('turns')}</th>
              <th scope="col">{t('input')}</th>
              <th scope="col" class="usage-cached">
                {t('cached')}
              </th>
              <th scope="col">{t('output')}</th>
              <th scope="col">{t('cost')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.href ?? row.name}>
                <th scope="row">{row.href === undefined ? <code>{row.name}</code> : <a href={row.href}>{row.name}</a>}</th>
                <td>{row.turns.toLocaleString()}</td>
                <td>{shortCount(row.inputTokens)}</td>
                <td class="usage-cached">{shortCount(row.cacheReadTokens)}</td>
                <td>{shortCount(row.outputTokens)}</td>
                <td>{costText(row)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Tiles({ total }: { total: Amounts }) {
  const tiles = [
    [t('cost'), costText(total)],
    [t('turns'), total.turns.toLocaleString()],
    [t('input'), shortCount(total.inputTokens)],
    [t('output'), shortCount(total.outputTokens)],
  ] as const;
  return (
    <dl class="usage-tiles">
      {tiles.map(([name, value]) => (
        <div key={name} class="card">
          <dt class="muted">{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function UsageTab() {
  const { days = '30' } = address.value.query;
  const span = SPANS.find((known) => known === days) ?? '30';
  const query = { days: span, utcOffsetMinutes: -new Date().getTimezoneOffset() };
  const usage = useResource((signal) => call<Usage>('GET', apiPath('/api/usage', {}, query), { signal }), [span]);
  return <Loaded of={usage}>{(value) => <Report usage={value} span={span} />}</Loaded>;
}

function Report({ usage: { total, days, models, sessions }, span }: { usage: Usage; span: (typeof SPANS)[number] }) {
  return (
    <>
      <div class="usage-span">
        <SelectField
          label={t('span')}
          value={span}
          choices={SPANS.map((value) => ({ value, label: t('lastDays', { count: Number(value) }) }))}
          onChange={(value) => changeQuery({ days: value })}
        />
      </div>
      {total.turns === 0 ? (
        <Empty title={t('noUsage')}>{t('noUsageText')}</Empty>
      ) : (
        <>
          <Tiles total={total} />
          <Chart days={days} hasCost={total.costUsd > 0} />
          <AmountTable title={t('byModel')} rows={models.map((row) => ({ ...row, name: row.model }))} />
          <AmountTable
            title={t('bySession')}
            rows={sessions.map((row) => ({ ...row, name: row.title, href: hashOf('chat', [row.key]) }))}
          />
          {total.unpricedTurns > 0 && <p class="hint">{t('unpricedText', { count: total.unpricedTurns })}</p>}
        </>
      )}
    </>
  );
}
