/** The models view: the default model and its fallbacks, the providers with their tests, and usage. */
import { useState } from 'preact/hooks';
import { Button } from '../../components/button/button.js';
import { PageHeader } from '../../components/page-header/page-header.js';
import { Tabs } from '../../components/tabs/tabs.js';
import { useCommands } from '../../shell/commands.js';
import { address, changeQuery, hashOf, navigate } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import type { Model, Provider } from './models-api.js';
import { ProviderDialog } from './provider-dialog.js';
import { ModelDialog } from './provider/model-dialog.js';
import { SetupTab } from './setup-tab.js';
import { t } from './text.js';
import { UsageSpan, UsageTab } from './usage.js';
import { hasNoProvider, useChanges, useSetup } from './use-changes.js';
import { useChecks } from './use-checks.js';
import './models.css';

export { FirstModel } from './first-model.js';

type Edited = { readonly provider: Provider; readonly model?: Model };

function Head({ isSetUp, onTest, onAdd }: { isSetUp: boolean; onTest: () => void; onAdd: () => void }) {
  const [tab] = address.value.parts;
  const parts = [
    [undefined, t('setup')],
    ['usage', t('usage')],
  ] as const;
  return (
    <PageHeader title={shell('models')} tabs={<Tabs label={t('tabs')} view="models" tabs={parts} />}>
      {tab === 'usage' && <UsageSpan />}
      {tab === undefined && isSetUp && (
        <>
          <Button icon="retry" text={t('checkAll')} onClick={onTest} />
          <Button kind="primary" icon="plus" text={t('add')} onClick={onAdd} />
        </>
      )}
    </PageHeader>
  );
}

export default function ModelsView() {
  const { resource, chooseOrder } = useSetup();
  const checks = useChecks();
  const changes = useChanges(resource);
  const [edited, setEdited] = useState<Edited | undefined>(undefined);
  const setup = resource.value;
  const [tab] = address.value.parts;
  // `#/models?add=1` opens the dialog, also from other views.
  const isAdding = address.value.query['add'] === '1';
  const testable = setup?.providers.filter(({ configured, api }) => configured && api !== 'built-in') ?? [];
  const checkAll = (): void => checks.testProviders(testable);
  const add = (): void => changeQuery({ add: '1' });
  const close = (): void => {
    setEdited(undefined);
    if (isAdding) changeQuery({ add: undefined });
  };
  const saved = (id: string): void => {
    close();
    changes.saved(id);
  };
  useCommands([
    { id: 'models-add', label: t('add'), icon: 'plus', keys: 'n', run: add },
    { id: 'models-check', label: t('checkAll'), icon: 'retry', run: checkAll },
    { id: 'models-ask', label: t('askAll'), icon: 'play', run: () => checks.askModels(setup?.order ?? []) },
    { id: 'models-usage', label: t('openUsage'), icon: 'models', run: () => navigate(hashOf('models', ['usage'])) },
  ]);
  const { provider, model } = edited ?? {};
  return (
    <section class="view">
      <Head isSetUp={setup !== undefined && !hasNoProvider(setup)} onTest={checkAll} onAdd={add} />
      {tab === 'usage' ? (
        <UsageTab />
      ) : (
        <SetupTab
          {...{ resource, checks, changes }}
          onOrder={chooseOrder}
          onAdd={add}
          onEdit={(chosen) => setEdited({ provider: chosen })}
          onEditModel={(owner, chosen) => setEdited({ provider: owner, model: chosen })}
        />
      )}
      {setup !== undefined && provider !== undefined && model !== undefined && (
        <ModelDialog {...{ provider, model, setup }} onClose={close} onSaved={() => saved(model.id)} />
      )}
      {(isAdding || (provider !== undefined && model === undefined)) && (
        <ProviderDialog {...{ provider }} entries={setup?.entries[provider?.id ?? ''] ?? []} onClose={close} onSaved={saved} />
      )}
    </section>
  );
}
