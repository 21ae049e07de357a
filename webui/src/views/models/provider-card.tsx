/** One provider: its address, the result of its test, and its models. */
import { useState } from 'preact/hooks';
import { Button } from '../../components/button/button.js';
import { SearchField } from '../../components/field/field.js';
import { Menu } from '../../components/menu/menu.js';
import type { Model, Provider } from './models-api.js';
import { dollars } from './money.js';
import { AskedChip, Report } from './results.js';
import type { Checks } from './use-checks.js';
import type { ProviderTestResult } from '../../../../shared/api/models.js';
import { t } from './text.js';

interface CardProps {
  readonly provider: Provider;
  readonly models: readonly Model[];
  /** The default, then its fallbacks. */
  readonly order: readonly string[];
  readonly checks: Checks;
  readonly onChange: () => void;
  readonly onRemove: () => void;
  readonly onOrder: (order: readonly string[]) => void;
}

/** Longer lists start closed. */
const SHORT_LIST = 8;
const MAX_ROWS = 200;

function priceText({ cost }: Model): string {
  return cost === null ? t('priceUnknown') : t('price', { input: dollars(cost.input), output: dollars(cost.output) });
}

function contextText({ contextWindow }: Model): string {
  return contextWindow === null ? t('contextUnknown') : t('context', { count: Math.round(contextWindow / 1_000) });
}

/** Shows whether the provider lists the model, after a test. */
function Listed({ model, report }: { model: Model; report: ProviderTestResult | 'running' | undefined }) {
  if (report === undefined || report === 'running' || !report.ok) return null;
  const isListed = report.models.some((name) => `${model.provider}/${name}` === model.id);
  return isListed ? <span class="chip good">{t('listed')}</span> : <span class="chip bad">{t('cause_modelMissing')}</span>;
}

function ModelRow({ model, order, checks, onOrder }: CardProps & { model: Model }) {
  const place = order.indexOf(model.id);
  const others = order.filter((id) => id !== model.id);
  const items = [
    { label: t('askOne'), icon: 'play' as const, run: () => checks.askModels([model.id]) },
    place < 0
      ? { label: t('addFallback'), icon: 'plus' as const, run: () => onOrder([...order, model.id]) }
      : { label: t('takeOut', { id: model.id }), icon: 'close' as const, run: () => onOrder(others) },
  ];
  return (
    <li class="model">
      <div class="model-facts">
        <code>{model.id}</code>
        {place >= 0 && (
          <span class={place === 0 ? 'chip good' : 'chip'}>{place === 0 ? t('default') : t('fallback', { number: place })}</span>
        )}
        {model.reasoning && <span class="chip">{t('reasoning')}</span>}
        {model.input.includes('image') && <span class="chip">{t('vision')}</span>}
        <Listed model={model} report={checks.reports[model.provider]} />
        <AskedChip asked={checks.asked[model.id]} isShort={place >= 0} />
        <span class="muted model-numbers">
          {contextText(model)} · {priceText(model)}
        </span>
      </div>
      <span class="row">
        {place !== 0 && (
          <Button
            kind="quiet"
            text={t('makeDefault')}
            about={model.id}
            onClick={() => onOrder([model.id, ...others.slice(place < 0 ? 1 : 0)])}
          />
        )}
        <Menu label={t('actions', { name: model.id })} items={items} />
      </span>
    </li>
  );
}

function Models(props: CardProps) {
  const { models } = props;
  const [search, setSearch] = useState('');
  const [isOpen, setOpen] = useState(models.length <= SHORT_LIST);
  const found = models.filter(({ id, name }) => `${id} ${name}`.toLowerCase().includes(search.trim().toLowerCase()));
  if (models.length === 0) return <p class="hint">{t('noModels')}</p>;
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('models', { count: models.length })}</summary>
      {models.length > SHORT_LIST && <SearchField label={t('search')} value={search} onInput={setSearch} />}
      <ul class="model-list">{isOpen && found.slice(0, MAX_ROWS).map((model) => <ModelRow key={model.id} {...props} model={model} />)}</ul>
      {isOpen && found.length > MAX_ROWS && <p class="hint">{t('moreModels', { count: found.length - MAX_ROWS })}</p>}
    </details>
  );
}

export function ProviderCard(props: CardProps) {
  const { provider, checks, onChange, onRemove } = props;
  const report = checks.reports[provider.id];
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
            <Button
              isBusy={report === 'running'}
              text={report === 'running' ? t('testing') : t('test')}
              about={provider.name}
              onClick={() => checks.testProviders([provider])}
            />
          )}
          {isOwn && <Menu label={t('actions', { name: provider.name })} items={items} />}
        </div>
      </div>
      {provider.baseUrl !== '' && (
        <p class="hint">
          <code>{provider.baseUrl}</code>
        </p>
      )}
      {provider.health.reason !== null && <p class="message-error">{provider.health.reason}</p>}
      {isBuiltIn && <p class="hint">{t('builtInText')}</p>}
      {report !== undefined && report !== 'running' && <Report report={report} />}
      {!isBuiltIn && <Models key={props.models.length} {...props} />}
    </li>
  );
}
