/** One provider: the outcomes of its calls, the result of its test, and its models. */
import { Button } from '../../../components/button/button.js';
import { Menu } from '../../../components/menu/menu.js';
import { StatusDot } from '../../../components/status-dot/status-dot.js';
import { Report } from '../results.js';
import { t } from '../text.js';
import { CallsOfHour, HealthDot } from './health.js';
import { ModelTable, type TableProps } from './model-table.js';

interface CardProps extends TableProps {
  readonly onEdit: () => void;
  readonly onRemove: () => void;
}

function sourceText(source: string): string {
  if (source === 'discovery') return t('fromDiscovery');
  return t('fromSource', { source });
}

export function ProviderCard(props: CardProps) {
  const { provider, checks, onEdit, onRemove } = props;
  const report = checks.reports[provider.id];
  const items = [
    { label: t('edit'), icon: 'edit' as const, run: onEdit },
    { label: t('remove'), icon: 'trash' as const, kind: 'danger' as const, run: onRemove },
  ];
  return (
    <li class="card provider">
      <div class="provider-head">
        <div class="provider-name">
          <h2>{provider.name}</h2>
          {provider.configured ? <HealthDot facts={provider} /> : <StatusDot tone="warning">{t('noKey')}</StatusDot>}
        </div>
        <div class="provider-actions">
          <Button
            isBusy={report === 'running'}
            text={report === 'running' ? t('testing') : t('test')}
            about={provider.name}
            onClick={() => checks.testProviders([provider])}
          />
          {provider.source === 'models.json' && <Menu label={t('actions', { name: provider.name })} items={items} />}
        </div>
        <p class="hint">
          <code>{provider.baseUrl}</code> · {sourceText(provider.source)}
        </p>
        <CallsOfHour facts={provider} />
        {report !== undefined && report !== 'running' && <Report report={report} />}
      </div>
      {provider.configured && <ModelTable {...props} />}
    </li>
  );
}
