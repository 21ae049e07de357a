/** The latest failures, each with links to its place and its log lines. */
import type { OverviewHistory } from '../../../../shared/api/gateway/overview.js';
import { Ago } from '../../components/time-text/time-text.js';
import { hashOf } from '../../shell/router.js';
import { t } from './text.js';

type Failure = OverviewHistory['failures'][number];

const FIELD = { turn: 'turnId', run: 'runId', message: 'messageId' } as const;

const STATES = ['error', 'interrupted', 'failed', 'missed', 'dead', 'unknown'] as const;

function placeOf({ kind, session, job_id: jobId, state }: Failure): string | undefined {
  if (kind === 'run' && jobId !== null) return hashOf('cron', [jobId]);
  if (kind === 'message') return hashOf('channels', [], { status: state });
  return session === null ? undefined : hashOf('chat', [session]);
}

function Item({ failure }: { failure: Failure }) {
  const { kind, id, at, error, name, state } = failure;
  const place = placeOf(failure);
  const known = STATES.find((one) => one === state);
  const title = name === null || name === '' ? t(`failed_${kind}`) : name;
  return (
    <li class="failure">
      <p>
        <Ago class="muted" at={at} /> {place === undefined ? title : <a href={place}>{title}</a>}{' '}
        <span class="chip bad">{known === undefined ? state : t(`how_${known}`)}</span>
      </p>
      {error !== null && <p class="muted">{error}</p>}
      <p class="hint">
        <a href={hashOf('logs', [], { q: `${FIELD[kind]}:${id}` })}>
          {t('logLines')}
          <span class="off-screen"> {title}</span>
        </a>
      </p>
    </li>
  );
}

const MAX_SHOWN = 8;

export function Failures({ failures }: { failures: readonly Failure[] }) {
  return (
    <section class="card">
      <h2>{t('failures')}</h2>
      {failures.length === 0 && <p class="muted">{t('noFailures')}</p>}
      <ul class="failures">
        {failures.slice(0, MAX_SHOWN).map((failure) => (
          <Item key={failure.id} failure={failure} />
        ))}
      </ul>
      {failures.length > MAX_SHOWN && <p class="muted">{t('moreFailures', { count: failures.length - MAX_SHOWN })}</p>}
    </section>
  );
}
