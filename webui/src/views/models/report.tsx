/** The result of a provider test. */
import type { ProviderTestResult } from '../../../../shared/api/models.js';
import { Button } from '../../components/button.js';
import { t } from './text.js';

const SHOWN_MODELS = 12;

interface ReportProps {
  readonly report: ProviderTestResult;
  readonly onUseUrl?: (baseUrl: string) => void;
  /** With the names of its models. */
  readonly isLong?: boolean;
}

export function Report({ report, onUseUrl, isLong = false }: ReportProps) {
  const { ok, cause, message, latencyMs, models, suggestedBaseUrl: suggestion } = report;
  return (
    <div class={ok ? 'test-report good' : 'test-report bad'} role="status">
      <p>
        <span class={`chip ${ok ? 'good' : 'bad'}`}>{ok ? t('works') : t(`cause_${cause ?? 'rejected'}`)}</span>{' '}
        {ok ? t('found', { count: models.length, ms: latencyMs }) : message}
      </p>
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
