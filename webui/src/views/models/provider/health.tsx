/** The outcomes of a provider's or model's calls in the last hour. */
import { language } from '../../../i18n/language.js';
import type { CallFacts } from '../../../../../shared/api/models.js';
import { reasonText } from '../../../components/feedback/reason-text.js';
import { StatusDot, type Tone } from '../../../components/status-dot/status-dot.js';
import { Ago, durationText } from '../../../components/time-text/time-text.js';
import { t } from '../text.js';

const TONES = { ok: 'good', degraded: 'warning', down: 'bad' } as const satisfies Record<CallFacts['health']['state'], Tone>;

export function HealthDot({ facts: { health, lastHour } }: { facts: CallFacts }) {
  if (health.state === 'ok' && lastHour.calls === 0) return <StatusDot tone="off">{t('state_unused')}</StatusDot>;
  return <StatusDot tone={TONES[health.state]}>{t(`state_${health.state}`)}</StatusDot>;
}

export function firstTokenText({ lastHour }: CallFacts): string {
  return lastHour.firstTokenMs === null ? '–' : durationText(lastHour.firstTokenMs);
}

/** The numbers, and the last error while calls fail. Nothing for an hour without calls. */
export function CallsOfHour({ facts }: { facts: CallFacts }) {
  const { calls, failures, lastSuccessAt, lastFailure } = facts.lastHour;
  if (calls === 0) return null;
  return (
    <>
      <dl class="call-facts">
        <div>
          <dt>{t('calls')}</dt>
          <dd class="number">{calls.toLocaleString(language.value)}</dd>
        </div>
        <div>
          <dt>{t('failed')}</dt>
          <dd class="number">{failures === 0 ? 0 : t('share', { count: failures, percent: Math.round((failures / calls) * 100) })}</dd>
        </div>
        <div>
          <dt>{t('lastSuccess')}</dt>
          <dd>{lastSuccessAt === null ? t('never') : <Ago at={lastSuccessAt} />}</dd>
        </div>
        {facts.lastHour.firstTokenMs !== null && (
          <div>
            <dt>{t('firstToken')}</dt>
            <dd class="number">{firstTokenText(facts)}</dd>
          </div>
        )}
      </dl>
      {facts.health.state !== 'ok' && lastFailure !== null && (
        <p class={`callout ${TONES[facts.health.state]}`}>
          <Ago class="muted" at={lastFailure.at} text={(time) => t('lastError', { time })} /> {reasonText(lastFailure)}
        </p>
      )}
    </>
  );
}
