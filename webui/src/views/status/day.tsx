/** The last 24 hours on a line: when the gateway was up, and what happened to it. */
import type { ConfigVersion } from '../../../../shared/api/gateway/config.js';
import type { OverviewHistory as History } from '../../../../shared/api/gateway/overview.js';
import type { GatewayHealth } from '../../../../shared/api/gateway/status.js';
import { DAY_MS, MINUTE_MS } from '../../../../shared/clock.js';
import { StatusDot, type Tone } from '../../components/status-dot/status-dot.js';
import { clockTime, fullTime, relativeTime } from '../../components/time-text/time-text.js';
import { hashOf } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { t } from './text.js';
import { uptimeOf } from './uptime.js';

type Bucket = History['buckets'][number];
type Life = NonNullable<GatewayHealth['last24Hours']['events']>[number];
interface Happening {
  readonly at: string;
  readonly type: Life['type'] | 'config';
}

const SHOWN = 8;

const TONES: Readonly<Record<Happening['type'], Tone>> = { crash: 'bad', restart: 'info', stop: 'warning', start: 'good', config: 'off' };

function barTitle(bucket: Bucket, crashes: number, stepMinutes: number): string {
  const { at, state, downMinutes, requests, failedRequests } = bucket;
  const fromMs = Date.parse(at);
  const parts = [`${clockTime(fromMs)}–${clockTime(fromMs + stepMinutes * MINUTE_MS)}`, t(`bar_${state}`)];
  if (downMinutes > 0) parts.push(t('minutesDown', { count: downMinutes }));
  if (crashes > 0) parts.push(t('crashes', { count: crashes }));
  if (requests > 0) parts.push(t('requestsOf', { count: requests, failed: failedRequests }));
  return parts.join(' · ');
}

function Bars({ history: { buckets, stepMinutes }, day }: { history: History; day: GatewayHealth['last24Hours'] }) {
  const crashedAtMs = (day.events ?? []).filter(({ type }) => type === 'crash').map(({ at }) => Date.parse(at));
  const crashesIn = ({ at }: Bucket): number => {
    const fromMs = Date.parse(at);
    return crashedAtMs.filter((atMs) => atMs >= fromMs && atMs < fromMs + stepMinutes * MINUTE_MS).length;
  };
  return (
    <div>
      <div class="life-bars" role="img" aria-label={t('bars', { uptime: uptimeOf(day), count: day.crashes })}>
        {buckets.map((bucket) => {
          const crashes = crashesIn(bucket);
          const look = bucket.state === 'up' && crashes > 0 ? 'partly' : bucket.state;
          return <span key={bucket.at} class={`life-bar ${look}`} title={barTitle(bucket, crashes, stepMinutes)} />;
        })}
      </div>
      <p class="life-bar-scale muted">
        <span>{t('hoursAgo', { count: Math.round((buckets.length * stepMinutes) / 60) })}</span>
        <span>{t('now')}</span>
      </p>
    </div>
  );
}

/** A link to the log lines of that minute, or to the version of the configuration. */
function placeOf({ type, at }: Happening): string {
  if (type === 'config') return hashOf('config', ['versions']);
  const atMs = Date.parse(at);
  const near = (ms: number): string => new Date(atMs + ms).toISOString();
  return hashOf('logs', [], { since: near(-MINUTE_MS), until: near(MINUTE_MS) });
}

function Row({ happening }: { happening: Happening }) {
  const { type, at } = happening;
  const atMs = Date.parse(at);
  return (
    <li>
      <time class="number muted" dateTime={at} title={fullTime(atMs)}>
        {clockTime(atMs)}
      </time>
      <StatusDot tone={TONES[type]}>{t(`event_${type}`)}</StatusDot>
      <span class="muted timeline-ago">{relativeTime(atMs)}</span>
      <a class="spread" href={placeOf(happening)}>
        {type === 'config' ? t('openVersions') : shell('logs')}
        <span class="off-screen">
          {' '}
          {t(`event_${type}`)} {clockTime(atMs)}
        </span>
      </a>
    </li>
  );
}

function happeningsOf({ events = [] }: GatewayHealth['last24Hours'], versions: readonly ConfigVersion[]): readonly Happening[] {
  // The oldest version is the file as it was found.
  const changes = versions.slice(0, -1).filter(({ at }) => Date.parse(at) > Date.now() - DAY_MS);
  return [...events, ...changes.map(({ at }) => ({ at, type: 'config' as const }))].toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

interface DayProps {
  readonly day: GatewayHealth['last24Hours'];
  readonly history: History;
  readonly versions: readonly ConfigVersion[];
}

export function Day({ day, history, versions }: DayProps) {
  const all = happeningsOf(day, versions);
  return (
    <section class="card life-day" aria-labelledby="day-title">
      <h2 id="day-title">{t('timeline')}</h2>
      <Bars history={history} day={day} />
      {all.length === 0 && <p class="muted">{t('nothingHappened')}</p>}
      <ol class="timeline" aria-labelledby="day-title">
        {all.slice(0, SHOWN).map((happening) => (
          <Row key={`${happening.type}${happening.at}`} happening={happening} />
        ))}
      </ol>
      {all.length > SHOWN && <p class="hint">{t('more', { count: all.length - SHOWN })}</p>}
    </section>
  );
}
