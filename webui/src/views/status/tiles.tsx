/** The numbers of the last 24 hours, each with a chart and a link to details. */
import type { OverviewHistory } from '../../../../shared/api/gateway/overview.js';
import { Stat, Stats } from '../../components/stat/stat.js';
import { bytesText, durationText, shortCount } from '../../components/time-text/time-text.js';
import { language } from '../../i18n/language.js';
import { hashOf } from '../../shell/router.js';
import type { Whole } from './issues.js';
import { t } from './text.js';
import { uptimeOf } from './uptime.js';

const BAR_HEIGHT = 24;

/** Beside the number that it explains: not for screen readers. @param props.bad  the part of each value that went wrong */
function Spark({ values, bad = [] }: { values: readonly number[]; bad?: readonly number[] }) {
  const most = Math.max(1, ...values);
  const bar = (index: number, value: number, name?: string) => {
    const height = value === 0 ? 0 : Math.max(2, (BAR_HEIGHT * value) / most);
    return <rect key={`${index}${name}`} class={name} x={index + 0.12} y={BAR_HEIGHT - height} width={0.76} height={height} />;
  };
  return (
    <svg class="spark" aria-hidden="true" viewBox={`0 0 ${values.length} ${BAR_HEIGHT}`} preserveAspectRatio="none">
      {values.map((value, index) => bar(index, value))}
      {bad.map((value, index) => bar(index, value, 'bad'))}
    </svg>
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Groups the values of a day into fewer bars. */
function grouped(values: readonly number[], join: (part: readonly number[]) => number): readonly number[] {
  const size = Math.max(1, Math.ceil(values.length / 32));
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) => join(values.slice(index * size, (index + 1) * size)));
}

function Traffic({ buckets }: { buckets: OverviewHistory['buckets'] }) {
  const failed = buckets.map(({ failedRequests }) => failedRequests);
  const failedTurns = buckets.map(({ failedTurns: count }) => count);
  const requests = buckets.map((bucket) => bucket.requests);
  const turns = buckets.map((bucket) => bucket.turns);
  const tokens = buckets.map(({ inputTokens, outputTokens }) => inputTokens + outputTokens);
  return (
    <>
      <Stat
        name={t('requests')}
        value={shortCount(sum(requests))}
        note={[t('failedOf', { count: sum(failed) }), <Spark key="s" values={grouped(requests, sum)} bad={grouped(failed, sum)} />]}
        href={hashOf('logs', [], { since: '24h', ...(sum(failed) > 0 ? { level: 'warn' } : {}) })}
      />
      <Stat
        name={t('turns')}
        value={shortCount(sum(turns))}
        note={[t('failedOf', { count: sum(failedTurns) }), <Spark key="s" values={grouped(turns, sum)} bad={grouped(failedTurns, sum)} />]}
        href={hashOf('sessions')}
      />
      <Stat
        name={t('tokens')}
        value={shortCount(sum(tokens))}
        note={[t('readAndWritten'), <Spark key="s" values={grouped(tokens, sum)} />]}
        href={hashOf('models', ['usage'])}
      />
    </>
  );
}

const most = (values: readonly number[]): number => Math.max(0, ...values);

export function Tiles({ whole: { status, overview }, history }: { whole: Whole; history: OverviewHistory | undefined }) {
  const { crashes, restarts, downMs, events = [] } = status.health.last24Hours;
  const stops = events.filter(({ type }) => type === 'stop').length;
  const course = [
    t('crashes', { count: crashes }),
    t('restarts', { count: restarts }),
    ...(stops > 0 ? [t('stops', { count: stops })] : []),
    ...(downMs > 0 ? [t('downFor', { time: durationText(downMs) })] : []),
  ];
  const { queued = 0, sending = 0, retry_wait: retrying = 0 } = overview.outbox;
  return (
    <section>
      <h2 class="section-title">{t('day')}</h2>
      <Stats>
        <Stat
          name={t('uptime')}
          value={uptimeOf(status.health.last24Hours)}
          note={course.join(' · ')}
          href={hashOf('logs', [], { level: 'warn', since: '24h' })}
        />
        {history !== undefined && <Traffic buckets={history.buckets} />}
        <Stat
          name={t('memory')}
          value={bytesText(overview.memoryBytes.rss)}
          note={[
            t('runningFor', { time: durationText(status.uptimeMs) }),
            history === undefined ? null : (
              <Spark
                key="s"
                values={grouped(
                  history.buckets.map(({ rssBytes }) => rssBytes),
                  most,
                )}
              />
            ),
          ]}
          href={hashOf('logs', [], { q: 'memory', since: '24h' })}
        />
        <Stat
          name={t('waiting')}
          value={(queued + sending + retrying).toLocaleString(language.value)}
          note={retrying === 0 ? t('noneRetrying') : <span class="wrong">{t('retrying', { count: retrying })}</span>}
          href={hashOf('channels', ['messages'], { status: retrying > 0 ? 'retry_wait' : 'queued' })}
        />
      </Stats>
    </section>
  );
}
