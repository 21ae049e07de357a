/** The models view: the default model and its fallbacks, the providers with their tests, and usage. */
import { useRef, useState } from 'preact/hooks';
import { useLiveReload } from '../../api/live-reload.js';
import { type Resource, useResource } from '../../api/use-resource.js';
import { PageHeader } from '../../components/page-header/page-header.js';
import { Button } from '../../components/button/button.js';
import { Loaded } from '../../components/feedback/feedback.js';
import { attempt, showError, showToast, showUndo } from '../../components/toast/toast.js';
import { Tabs } from '../../components/tabs/tabs.js';
import { useCommands } from '../../shell/commands.js';
import { address, hashOf, navigate } from '../../shell/router.js';
import { Agents } from './agents.js';
import { ModelOrder } from './model-order.js';
import { type Agent, type Provider, readSetup, removeProvider, saveAgentModel, saveOrder, type Setup } from './models-api.js';
import { ProviderCard } from './provider-card.js';
import { ProviderDialog } from './provider-dialog.js';
import { t } from './text.js';
import { type Checks, useChecks } from './use-checks.js';
import { UsageTab } from './usage.js';
import './models.css';

/** The gateway watches its files: a change is in force within a second. */
const IN_FORCE_MS = 1_200;

/** Saves changes of the order one after another. Only the newest can be undone. */
function useOrder({ value: setup, set, reload }: Resource<Setup>): (order: readonly string[]) => void {
  const saving = useRef<Promise<unknown>>(Promise.resolve());
  const dismiss = useRef<() => void>(() => undefined);
  const shown = useRef(setup);
  shown.current = setup;
  const choose = (order: readonly string[]): void => {
    const now = shown.current;
    if (now === undefined) return;
    set({ ...now, order });
    const failed = (error: unknown): void => {
      showError(error);
      reload();
    };
    const saved = (): void => {
      dismiss.current();
      dismiss.current = showUndo(t('orderSaved', { models: order.join(' → ') || t('automatic') }), () => choose(now.order));
      setTimeout(reload, IN_FORCE_MS);
    };
    saving.current = saving.current.then(() => saveOrder(order)).then(saved, failed);
  };
  return choose;
}

/** Returns whether only the built-in guide can answer. */
function hasNoProvider(setup: Setup | undefined): boolean {
  return setup !== undefined && !setup.providers.some(({ configured, api }) => configured && api !== 'built-in');
}

function useChanges({ value: setup, reload }: Resource<Setup>) {
  const isFirst = hasNoProvider(setup);
  const [edited, setEdited] = useState<{ readonly provider: Provider | undefined } | undefined>(undefined);
  const reloadSoon = (): void => void setTimeout(reload, IN_FORCE_MS);
  const change = async (work: () => Promise<void>): Promise<void> => {
    if (await attempt(work)) reloadSoon();
  };
  return {
    edited,
    open: (provider: Provider | undefined) => setEdited({ provider }),
    close: () => setEdited(undefined),
    saved: (id: string) => {
      setEdited(undefined);
      const toChat = { label: t('toChat'), run: () => navigate(hashOf('chat')) };
      showToast({ text: t('saved', { id }), ...(isFirst ? { action: toChat } : {}) });
      reloadSoon();
    },
    remove: ({ id, name }: Provider): void =>
      void change(async () => {
        const restore = await removeProvider(id);
        showUndo(t('removed', { name }), () => void change(restore));
      }),
    chooseForAgent: (agent: Agent, all: readonly Agent[], model: string | undefined) =>
      void change(async () => {
        await saveAgentModel(agent, all, model);
        const back = (): Promise<void> => saveAgentModel(agent, all, agent.order?.[0]);
        const text = t('agentSaved', { name: agent.name, model: model ?? t('everybodys') });
        // An agent's own fallbacks cannot be restored from here.
        if ((agent.order?.length ?? 0) > 1) showToast({ text });
        else showUndo(text, () => void change(back));
      }),
  };
}

function SetupTab({ resource, checks, changes }: { resource: Resource<Setup>; checks: Checks; changes: ReturnType<typeof useChanges> }) {
  const { value: setup, reload } = resource;
  const choose = useOrder(resource);
  useLiveReload(['config'], reload);
  if (setup === undefined) return <Loaded of={resource} />;
  const others = setup.providers.filter(({ configured }) => !configured);
  return (
    <>
      <Loaded of={resource} />
      {hasNoProvider(setup) && (
        <section class="card first-provider">
          <h2>{t('firstTitle')}</h2>
          <p>{t('firstText')}</p>
          <Button kind="primary" icon="plus" text={t('addFirst')} onClick={() => changes.open(undefined)} />
        </section>
      )}
      <div class="model-choices">
        <ModelOrder setup={setup} checks={checks} onOrder={choose} />
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
              onChange={() => changes.open(provider)}
              onRemove={() => changes.remove(provider)}
              onOrder={choose}
            />
          ))}
      </ul>
      {others.length > 0 && <Others providers={others} />}
    </>
  );
}

export default function ModelsView() {
  const resource = useResource(readSetup, []);
  const checks = useChecks();
  const changes = useChanges(resource);
  const setup = resource.value;
  const [tab] = address.value.parts;
  const testable = setup?.providers.filter(({ configured, api }) => configured && api !== 'built-in') ?? [];
  const checkAll = (): void => checks.testProviders(testable);
  const add = (): void => changes.open(undefined);
  useCommands([
    { id: 'models-add', label: t('add'), icon: 'plus', keys: 'n', run: add },
    { id: 'models-check', label: t('checkAll'), icon: 'retry', run: checkAll },
    { id: 'models-ask', label: t('askAll'), icon: 'play', run: () => checks.askModels(setup?.order ?? []) },
    { id: 'models-usage', label: t('openUsage'), icon: 'models', run: () => navigate(hashOf('models', ['usage'])) },
  ]);
  const { edited } = changes;
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
      {tab === 'usage' ? <UsageTab /> : <SetupTab {...{ resource, checks, changes }} />}
      {edited !== undefined && (
        <ProviderDialog
          provider={edited.provider}
          entries={setup?.entries[edited.provider?.id ?? ''] ?? []}
          onClose={changes.close}
          onSaved={changes.saved}
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
