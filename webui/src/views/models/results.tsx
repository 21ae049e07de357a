/** The results of tests: of a provider, and of a question to a model. */
import type { ProviderTestResult } from '../../../../shared/api/models.js';
import { Button } from '../../components/button/button.js';
import { Badge, StatusDot } from '../../components/status-dot/status-dot.js';
import { durationText } from '../../components/time-text/time-text.js';
import { t } from './text.js';
import type { Asked } from './use-checks.js';

const SHOWN_MODELS = 8;

interface ReportProps {
  readonly report: ProviderTestResult;
  readonly onUseUrl?: (baseUrl: string) => void;
  /** With the names of its models. */
  readonly isLong?: boolean;
}

export function Report({ report, onUseUrl, isLong = false }: ReportProps) {
  const { ok, cause, message, latencyMs, models, suggestedBaseUrl: suggestion } = report;
  return (
    <div class={ok ? 'callout good' : 'callout bad'} role="status">
      <StatusDot tone={ok ? 'good' : 'bad'}>
        <strong>{ok ? t('works') : t(`cause_${cause ?? 'rejected'}`)}</strong>
      </StatusDot>
      <p>{ok ? t('found', { count: models.length, time: durationText(latencyMs) }) : message}</p>
      {suggestion !== null && onUseUrl !== undefined && (
        <Button text={t('useUrl', { url: suggestion })} onClick={() => onUseUrl(suggestion)} />
      )}
      {isLong && models.length > 0 && (
        <p class="hint">
          {models.slice(0, SHOWN_MODELS).join(', ')}
          {models.length > SHOWN_MODELS && t('andMore', { count: models.length - SHOWN_MODELS })}
        </p>
      )}
    </div>
  );
}

/** @param props.isShort  omits the reason, which is shown elsewhere */
export function AskedBadge({ asked, isShort = false }: { asked: Asked | undefined; isShort?: boolean }) {
  if (asked === undefined) return null;
  if (asked === 'running') return <Badge tone="busy">{t('asking')}</Badge>;
  if ('ms' in asked) return <Badge tone="good">{t('answered', { time: durationText(asked.ms) })}</Badge>;
  if (isShort) return <Badge tone="bad">{t('noAnswer')}</Badge>;
  return (
    <span class="asked-problem" role="status">
      <Badge tone="bad">{t('noAnswer')}</Badge> {asked.problem}
    </span>
  );
}
