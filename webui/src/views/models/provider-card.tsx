/** One provider: where it is, whether it can be used, and its models. */
import { useState } from 'preact/hooks';
import { Button } from '../../components/button.js';
import { Menu } from '../../components/menu.js';
import type { Model, Provider, TestReport } from './models-api.js';
import { Report } from './report.js';
import { t } from './text.js';

export interface CardProps {
  readonly provider: Provider;
  readonly models: readonly Model[];
  readonly defaultModel: string | undefined;
  readonly report: TestReport | 'running' | undefined;
  readonly onTest: () => void;
  readonly onChange: () => void;
  readonly onRemove: () => void;
  readonly onDefault: (model: Model) => void;
}

/** Longer lists open by themselves only when they are searched. */
const SHORT_LIST = 8;

function ModelRow({ model, isDefault, onDefault }: { model: Model; isDefault: boolean; onDefault: () => void }) {
  const context = model.contextWindow === null ? undefined : t('context', { count: Math.round(model.contextWindow / 1_000) });
  return (
    <li class="model">
      <code>{model.id}</code>
      {isDefault && <span class="chip good">{t('default')}</span>}
      {model.reasoning && <span class="chip">{t('reasoning')}</span>}
      {model.input.includes('image') && <span class="chip">{t('vision')}</span>}
      {context !== undefined && <span class="muted">{context}</span>}
      {!isDefault && (
        <span class="spread">
          <Button kind="quiet" onClick={onDefault}>
            {t('makeDefault')}
            <span class="off-screen">{model.id}</span>
          </Button>
        </span>
      )}
    </li>
  );
}

function Models({ models, defaultModel, onDefault }: CardProps) {
  const [search, setSearch] = useState('');
  const [isOpen, setOpen] = useState(models.length <= SHORT_LIST);
  const found = models.filter(({ id, name }) => `${id} ${name}`.toLowerCase().includes(search.trim().toLowerCase()));
  if (models.length === 0) return <p class="hint">{t('noModels')}</p>;
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('models', { count: models.length })}</summary>
      {models.length > SHORT_LIST && (
        <input
          type="search"
          aria-label={t('search')}
          placeholder={t('search')}
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <ul class="model-list">
        {isOpen &&
          found
            .slice(0, 200)
            .map((model) => (
              <ModelRow key={model.id} model={model} isDefault={model.id === defaultModel} onDefault={() => onDefault(model)} />
            ))}
      </ul>
    </details>
  );
}

export function ProviderCard(props: CardProps) {
  const { provider, report, onTest, onChange, onRemove } = props;
  const isOwn = provider.source === 'models.json';
  const isBuiltIn = provider.api === 'built-in';
  const items = [
    { label: t('edit'), icon: 'edit' as const, run: onChange },
    { label: t('remove'), icon: 'trash' as const, kind: 'danger' as const, run: onRemove },
  ];
  return (
    <li class="card provider">
      <div class="row">
        <h2>{provider.name}</h2>
        <span class="chip">{isBuiltIn ? t('builtIn') : isOwn ? 'models.json' : provider.source}</span>
        {!provider.configured && <span class="chip warn">{t('notSetUp')}</span>}
        <div class="row spread">
          {!isBuiltIn && (
            <Button isBusy={report === 'running'} onClick={onTest}>
              {report === 'running' ? t('testing') : t('test')}
              <span class="off-screen">{provider.name}</span>
            </Button>
          )}
          {isOwn && <Menu label={t('actions', { name: provider.name })} items={items} />}
        </div>
      </div>
      {provider.baseUrl !== '' && (
        <p class="hint">
          <code>{provider.baseUrl}</code>
        </p>
      )}
      {isBuiltIn && <p class="hint">{t('builtInText')}</p>}
      {report !== undefined && report !== 'running' && <Report report={report} />}
      <Models key={props.models.length} {...props} />
    </li>
  );
}
