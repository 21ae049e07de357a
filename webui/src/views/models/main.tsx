/** The models view: the default model and its fallbacks, the providers with their tests, and usage. */
import { useState } from 'preact/hooks';
import type { Resource } from '../../api/use-resource.js';
import { PageHeader } from '../../components/page-header/page-header.js';
import { Button } from '../../components/button/button.js';
import { Loaded } from '../../components/feedback/feedback.js';
import { Tabs } from '../../components/tabs/tabs.js';
import { useCommands } from '../../shell/commands.js';
import { address, hashOf, navigate } from '../../shell/router.js';
import { Agents } from './agents.js';
import { ModelOrder } from './model-order.js';
import type { Provider, Setup } from './models-api.js';
import { ProviderCard } from './provider-card.js';
import { ProviderDialog } from './provider-dialog.js';
import { t } from './text.js';
import { type Changes, hasNoProvider, useChanges, useSetup } from './use-changes.js';
import { type Checks, useChecks } from './use-checks.js';
import { UsageTab } from './usage.js';
import './models.css';

interface SetupTabProps {
  readonly resource: Resource<Setup>;
  readonly checks: Checks;
  readonly changes: Changes;
  readonly onOrder: (order: readonly string[]) => void;
  readonly onEdit: (provider: Provider | undefined) => void;
}

function SetupTab({ resource, checks, changes, onOrder, onEdit }: SetupTabProps) {
  const { value: setup } = resource;
  if (setup === undefined) return <Loaded of={resource} />;
  const others = setup.providers.filter(({ configured }) => !configured);
  return (
    <>
      <Loaded of={resource} />
      {hasNoProvider(setup) && (
        <section class="card first-provider">
          <h2>{t('firstTitle')}</h2>
          <p>{t('firstText')}</p>
          <Button kind="primary" icon="plus" text={t('addFirst')} onClick={() => onEdit(undefined)} />
        </section>
      )}
      <div class="model-choices">
        <ModelOrder setup={setup} checks={checks} onOrder={onOrder} />
        <Agents setup={setup} onChoose={(agent, model) => changes.chooseForAgent(agent, setup.agents, model)} />
      </div>
      <ul class="providers" aria-label={t('providers')}>
        {setup.providers
          .filter(({ configured }) => configured)
          .map((provider) => (
            <ProviderCard
              key={provider.id}
              provider={provider}
              models={setup.models.filter((model) => model.provider === provider.id)}
              order={setup.order}
              checks={checks}
              onChange={() => onEdit(provider)}
              onRemove={() => changes.remove(provider)}
              onOrder={onOrder}
            />
          ))}
      </ul>
      {others.length > 0 && <Others providers={others} />}
    </>
  );
}

export default function ModelsView() {
  const { resource, chooseOrder } = useSetup();
  const checks = useChecks();
  const changes = useChanges(resource);
  const [edited, setEdited] = useState<{ readonly provider: Provider | undefined } | undefined>(undefined);
  const edit = (provider: Provider | undefined): void => setEdited({ provider });
  const setup = resource.value;
  const [tab] = address.value.parts;
  const testable = setup?.providers.filter(({ configured, api }) => configured && api !== 'built-in') ?? [];
  const checkAll = (): void => checks.testProviders(testable);
  const add = (): void => edit(undefined);
  useCommands([
    { id: 'models-add', label: t('add'), icon: 'plus', keys: 'n', run: add },
    { id: 'models-check', label: t('checkAll'), icon: 'retry', run: checkAll },
    { id: 'models-ask', label: t('askAll'), icon: 'play', run: () => checks.askModels(setup?.order ?? []) },
    { id: 'models-usage', label: t('openUsage'), icon: 'models', run: () => navigate(hashOf('models', ['usage'])) },
  ]);
  return (
    <section class="view">
      <PageHeader
        title={t('title')}
        tabs={
          <Tabs
            label={t('tabs')}
            view="models"
            tabs={[
              [undefined, t('setup')],
              ['usage', t('usage')],
            ]}
          />
        }
      >
        {tab === undefined && (
          <>
            <Button icon="retry" text={t('checkAll')} onClick={checkAll} disabled={testable.length === 0} />
            <Button kind="primary" icon="plus" text={t('add')} onClick={add} />
          </>
        )}
      </PageHeader>
      {tab === 'usage' ? <UsageTab /> : <SetupTab {...{ resource, checks, changes }} onOrder={chooseOrder} onEdit={edit} />}
      {edited !== undefined && (
        <ProviderDialog
          provider={edited.provider}
          entries={setup?.entries[edited.provider?.id ?? ''] ?? []}
          onClose={() => setEdited(undefined)}
          onSaved={(id) => {
            setEdited(undefined);
            changes.saved(id);
          }}
        />
      )}
    </section>
  );
}

function Others({ providers }: { providers: readonly Provider[] }) {
  return (
    <details class="card">
      <summary>{t('others', { count: providers.length })}</summary>
      <p class="hint">{t('othersText')}</p>
      <ul class="rows">
        {providers.map(({ id, name, source, baseUrl }) => (
          <li key={id}>
            <span>{name}</span>
            <code class="muted">{source === 'models.json' || source === 'discovery' ? baseUrl : source}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}
