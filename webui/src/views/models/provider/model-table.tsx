/** The models of a provider: their known data, and which of them answer. */
import { useState } from 'preact/hooks';
import type { ProviderTestResult } from '../../../../../shared/api/models.js';
import { Button } from '../../../components/button/button.js';
import { SearchField } from '../../../components/field/field.js';
import { Menu } from '../../../components/menu/menu.js';
import { Badge } from '../../../components/status-dot/status-dot.js';
import { type Column, Table } from '../../../components/table/table.js';
import { dollars } from '../../../components/time-text/time-text.js';
import type { Model, Provider } from '../models-api.js';
import { AskedBadge } from '../results.js';
import type { Checks } from '../use-checks.js';
import { t } from '../text.js';
import { firstTokenText, HealthDot } from './health.js';

export interface TableProps {
  readonly provider: Provider;
  readonly models: readonly Model[];
  /** The default, then its fallbacks. */
  readonly order: readonly string[];
  readonly checks: Checks;
  readonly onEditModel: (model: Model) => void;
  readonly onOrder: (order: readonly string[]) => void;
}

/** Longer lists are opened on demand. */
const SHORT_LIST = 6;
const MAX_ROWS = 200;

/** `128K`, in every language as vendors write it. */
function contextText(tokens: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(tokens);
}

/** Marks a model that the provider does not list, after a test. */
function Unlisted({ model, report }: { model: Model; report: ProviderTestResult | 'running' | undefined }) {
  if (report === undefined || report === 'running' || !report.ok) return null;
  const isListed = report.models.some((name) => `${model.provider}/${name}` === model.id);
  return isListed ? null : <Badge tone="bad">{t('cause_modelMissing')}</Badge>;
}

const without = (id: string, order: readonly string[]): readonly string[] => order.filter((other) => other !== id);

/** The previous default becomes the first fallback. */
const madeDefault = (id: string, order: readonly string[]): readonly string[] => [id, ...without(id, order)];

function Role({ model, order, onOrder }: TableProps & { model: Model }) {
  const place = order.indexOf(model.id);
  if (place === 0) return <Badge tone="info">{t('default')}</Badge>;
  if (place > 0) return <Badge>{t('fallback', { number: place })}</Badge>;
  return <Button kind="quiet" text={t('makeDefault')} about={model.id} onClick={() => onOrder(madeDefault(model.id, order))} />;
}

function itemsFor({ model, order, checks, onEditModel, onOrder }: TableProps & { model: Model }) {
  const place = order.indexOf(model.id);
  const first = { label: t('makeDefault'), icon: 'up' as const, run: () => onOrder(madeDefault(model.id, order)) };
  const last = { label: t('addFallback'), icon: 'plus' as const, run: () => onOrder([...order, model.id]) };
  const out = { label: t('takeOut', { id: model.id }), icon: 'close' as const, run: () => onOrder(without(model.id, order)) };
  return [
    { label: t('askOne'), icon: 'play' as const, run: () => checks.askModels([model.id]) },
    { label: t('editModel'), icon: 'edit' as const, run: () => onEditModel(model) },
    ...(place > 0 ? [first] : []),
    place < 0 ? last : out,
  ];
}

function Unknown({ what, model, onEdit }: { what: string; model: Model; onEdit: () => void }) {
  return <Button kind="quiet" text={t('set')} about={`${what} ${model.id}`} onClick={onEdit} />;
}

function ModelRow(props: TableProps & { model: Model }) {
  const { model, order, checks, onEditModel } = props;
  const { id, name, contextWindow, cost, reasoning, input, health, lastHour } = model;
  const modelId = id.slice(model.provider.length + 1);
  const edit = (): void => onEditModel(model);
  return (
    <tr>
      <th scope="row">
        {name !== modelId && <span class="model-name">{name}</span>}
        <code>{id}</code>
        {health.state !== 'ok' && <HealthDot facts={model} />}
        <Unlisted model={model} report={checks.reports[model.provider]} />
        <AskedBadge asked={checks.asked[id]} isShort={order.includes(id)} />
      </th>
      <td class="number" data-label={t('contextWindow')}>
        {contextWindow === null ? <Unknown what={t('contextWindow')} model={model} onEdit={edit} /> : contextText(contextWindow)}
      </td>
      <td class="number" data-label={t('price')}>
        {cost === null ? (
          <Unknown what={t('price')} model={model} onEdit={edit} />
        ) : (
          t('priceText', { input: dollars(cost.input), output: dollars(cost.output) })
        )}
      </td>
      <td class={lastHour.firstTokenMs === null ? 'number missing' : 'number'} data-label={t('firstToken')}>
        {firstTokenText(model)}
      </td>
      <td data-label={t('abilities')}>
        <span class="abilities">
          {input.includes('image') && <Badge>{t('vision')}</Badge>}
          {reasoning && <Badge>{t('reasoning')}</Badge>}
          {!reasoning && !input.includes('image') && <span class="muted">{t('textOnly')}</span>}
        </span>
      </td>
      <td class="model-role" data-label={t('role')}>
        <Role {...props} />
      </td>
      <td class="model-menu">
        <Menu label={t('actions', { name: id })} items={itemsFor(props)} />
      </td>
    </tr>
  );
}

const columns = (): readonly Column<string>[] => [
  { key: 'model', name: t('model') },
  { key: 'context', name: t('contextWindow'), isNumber: true },
  { key: 'price', name: t('priceHead'), isNumber: true },
  { key: 'first', name: t('firstToken'), isNumber: true },
  { key: 'abilities', name: t('abilities') },
  { key: 'role', name: t('role') },
  { key: 'menu', name: t('actions', { name: '' }), isHidden: true },
];

/** Models that answer come first, because they are needed most. */
function usedFirst(models: readonly Model[], order: readonly string[]): readonly Model[] {
  return [...models.filter(({ id }) => order.includes(id)), ...models.filter(({ id }) => !order.includes(id))];
}

export function ModelTable(props: TableProps) {
  const { models, order, provider } = props;
  const [search, setSearch] = useState('');
  const [isOpen, setOpen] = useState(false);
  if (models.length === 0) return <p class="hint provider-note">{t('noModels')}</p>;
  const wanted = search.trim().toLowerCase();
  const found = usedFirst(models, order).filter(({ id, name }) => `${id} ${name}`.toLowerCase().includes(wanted));
  const isLong = models.length > SHORT_LIST;
  const count = isLong && !isOpen && wanted === '' ? SHORT_LIST : MAX_ROWS;
  return (
    <>
      {isLong && (
        <div class="model-search">
          <SearchField label={t('search')} value={search} onInput={setSearch} />
        </div>
      )}
      <Table label={t('modelsOf', { name: provider.name })} columns={columns()}>
        {found.slice(0, count).map((model) => (
          <ModelRow key={model.id} {...props} model={model} />
        ))}
      </Table>
      {found.length === 0 && <p class="hint provider-note">{t('noMatch', { search })}</p>}
      {isLong && !isOpen && wanted === '' && (
        <p class="provider-note">
          <Button kind="quiet" icon="down" text={t('showAll', { count: models.length })} onClick={() => setOpen(true)} />
        </p>
      )}
      {found.length > count && count === MAX_ROWS && (
        <p class="hint provider-note">{t('moreModels', { count: found.length - MAX_ROWS })}</p>
      )}
    </>
  );
}
