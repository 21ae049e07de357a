/** The last 24 hours: uptime, load and delays of the gateway. */
import type { OverviewHistory as History } from '../../../../shared/api/gateway/overview.js';
import { clockTime } from '../../components/time-text/time-text.js';
import { language } from '../../i18n/language.js';
import { t } from './text.js';
import { outagesOf, uptimeOf } from './uptime.js';

type Bucket = History['buckets'][number];

const MINUTE_MS = 60_000;
const BAR_HEIGHT = 28;

const number = (value: number): string => value.toLocaleString(language.value);

function spanOf({ at }: Bucket, stepMinutes: number): string {
  return `${clockTime(Date.parse(at))}–${clockTime(Date.parse(at) + stepMinutes * MINUTE_MS)}`;
}

function beatTitle(bucket: Bucket, stepMinutes: number): string {
  const { state, downMinutes, starts, requests, failedRequests } = bucket;
  const parts = [spanOf(bucket, stepMinutes), t(`beat_${state}`)];
  if (downMinutes > 0) parts.push(t('minutesDown', { count: downMinutes }));
  if (starts > 0) parts.push(t('starts', { count: starts }));
  if (requests > 0) parts.push(t('requestsOf', { count: requests, failed: failedRequests }));
  return parts.join(' · ');
}

function Beats({ history }: { history: History }) {
  const { buckets, stepMinutes } = history;
  const outages = outagesOf(history);
  const uptime = uptimeOf(history);
  return (
    <div class="beats">
      <div class="beat-bar" role="img" aria-label={t('beats', { uptime: uptime ?? '—', count: outages.length })}>
        {buckets.map((bucket) => (
          <span
            key={bucket.at}
            class={`beat ${bucket.state}${bucket.starts > 0 ? ' started' : ''}`}
            title={beatTitle(bucket, stepMinutes)}
          />
        ))}
      </div>
      <p class="beat-scale muted">
        <span>{t('hoursAgo', { count: Math.round((buckets.length * stepMinutes) / 60) })}</span>
        <span>{t('now')}</span>
      </p>
      <ul class="outages">
        {outages.map(({ fromMs, minutes }) => (
          <li key={fromMs}>{t('outage', { time: clockTime(fromMs), count: minutes })}</li>
        ))}
      </ul>
    </div>
  );
}

interface SparkProps {
  readonly name: string;
  readonly total: string;
  readonly detail: string;
  readonly values: readonly number[];
  /** Drawn in the colour of errors. */
  readonly isBad?: boolean;
}

function Spark({ name, total, detail, values, isBad = false }: SparkProps) {
  const most = Math.max(1, ...values);
  return (
    <div class="spark">
      <p class="spark-name">{name}</p>
      <p class="spark-total">
        {total} <span class="muted">{detail}</span>
      </p>
      <svg
        class={isBad ? 'spark-bars bad' : 'spark-bars'}
        role="img"
        aria-label={`${name}: ${total}, ${detail}`}
        viewBox={`0 0 ${values.length} ${BAR_HEIGHT}`}
        preserveAspectRatio="none"
      >
        {values.map((value, index) => {
          const height = value === 0 ? 0 : Math.max(2, (BAR_HEIGHT * value) / most);
          return <rect key={index} x={index + 0.1} y={BAR_HEIGHT - height} width={0.8} height={height} />;
        })}
      </svg>
    </div>
  );
}

function Sparks({ history: { buckets, stepMinutes } }: { history: History }) {
  const of = (name: 'requests' | 'failedRequests' | 'failedTurns' | 'turns' | 'lateMs'): number[] => buckets.map((bucket) => bucket[name]);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const most = (values: readonly number[]): string => t('atMost', { most: number(Math.max(0, ...values)), minutes: stepMinutes });
  const errors = buckets.map(({ failedRequests, failedTurns }) => failedRequests + failedTurns);
  const tokens = buckets.map(({ inputTokens, outputTokens }) => inputTokens + outputTokens);
  const late = of('lateMs');
  return (
    <div class="sparks">
      <Spark name={t('requests')} total={number(sum(of('requests')))} detail={most(of('requests'))} values={of('requests')} />
      <Spark
        name={t('errors')}
        total={number(sum(errors))}
        detail={t('errorParts', { requests: sum(of('failedRequests')), turns: sum(of('failedTurns')) })}
        values={errors}
        isBad
      />
      <Spark name={t('tokens')} total={number(sum(tokens))} detail={t('turnCount', { count: sum(of('turns')) })} values={tokens} />
      <Spark name={t('lateness')} total={`${number(Math.max(0, ...late))} ms`} detail={t('worst')} values={late} />
    </div>
  );
}

export function Day({ history }: { history: History }) {
  const uptime = uptimeOf(history);
  return (
    <section class="card day" aria-labelledby="day-title">
      <h2 id="day-title">
        {t('day')} {uptime !== undefined && <span class="muted">{t('up', { share: uptime })}</span>}
      </h2>
      <Beats history={history} />
      <Sparks history={history} />
    </section>
  );
}
