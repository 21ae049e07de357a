/** The outcomes of a provider's or model's calls in the last hour. */
import { language } from '../../../i18n/language.js';
import type { CallFacts } from '../../../../../shared/api/models.js';
import { Fact, Facts } from '../../../components/facts/facts.js';
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
      <Facts isAcross>
        <Fact name={t('calls')}>{calls.toLocaleString(language.value)}</Fact>
        <Fact name={t('failed')}>
          {failures === 0 ? 0 : t('share', { count: failures, percent: Math.round((failures / calls) * 100) })}
        </Fact>
        <Fact name={t('lastSuccess')}>{lastSuccessAt === null ? t('never') : <Ago at={lastSuccessAt} />}</Fact>
        {facts.lastHour.firstTokenMs !== null && <Fact name={t('firstToken')}>{firstTokenText(facts)}</Fact>}
      </Facts>
      {facts.health.state !== 'ok' && lastFailure !== null && (
        <p class={`callout ${TONES[facts.health.state]}`}>
          <Ago class="muted" at={lastFailure.at} text={(time) => t('lastError', { time })} /> {reasonText(lastFailure)}
        </p>
      )}
    </>
  );
}
