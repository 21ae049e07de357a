/** The latest failures, each with links to its place and its log lines. */
import type { OverviewHistory } from '../../../../shared/api/gateway/overview.js';
import { whyText } from '../../components/feedback/reason-text.js';
import { Badge } from '../../components/status-dot/status-dot.js';
import { Ago } from '../../components/time-text/time-text.js';
import { hashOf } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { t } from './text.js';

type Failure = OverviewHistory['failures'][number];

const FIELD = { turn: 'turnId', run: 'runId', message: 'messageId' } as const;

const STATES = ['error', 'interrupted', 'failed', 'missed', 'dead', 'unknown'] as const;

const SHOWN = 8;

function placeOf({ kind, id, session, job_id: jobId }: Failure): string | undefined {
  if (kind === 'run' && jobId !== null) return hashOf('cron', [jobId]);
  if (kind === 'message') return hashOf('channels', ['messages', id]);
  return session === null ? undefined : hashOf('chat', [session]);
}

function Item({ failure }: { failure: Failure }) {
  const { kind, id, at, error, why, name, state } = failure;
  const place = placeOf(failure);
  const known = STATES.find((one) => one === state);
  const title = name === null || name === '' ? t(`failed_${kind}`) : name;
  return (
    <li class="failure">
      <p class="row">
        {place === undefined ? <strong>{title}</strong> : <a href={place}>{title}</a>}
        <Badge tone="bad">{known === undefined ? state : t(`how_${known}`)}</Badge>
        <Ago class="muted" at={at} />
        <a class="spread" href={hashOf('logs', [], { q: `${FIELD[kind]}:${id}` })}>
          {shell('logs')}
          <span class="off-screen"> {title}</span>
        </a>
      </p>
      {error !== null && (
        <p class="muted failure-error" title={whyText(error, why)}>
          {whyText(error, why)}
        </p>
      )}
    </li>
  );
}

export function Failures({ failures }: { failures: readonly Failure[] }) {
  if (failures.length === 0) return null;
  return (
    <section class="card">
      <h2>{t('failures')}</h2>
      <ul class="failures">
        {failures.slice(0, SHOWN).map((failure) => (
          <Item key={failure.id} failure={failure} />
        ))}
      </ul>
      {failures.length > SHOWN && <p class="hint">{t('more', { count: failures.length - SHOWN })}</p>}
    </section>
  );
}
