/** The models view: which model answers, what stands in for it, the providers and whether they work, and what was used. */
import { useRef, useState } from 'preact/hooks';
import { useLiveReload } from '../../api/live-reload.js';
import { type Resource, useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button.js';
import { ErrorBox, errorText, Spinner } from '../../components/feedback.js';
import { showToast, showUndo } from '../../components/toast.js';
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

/** A change is in force within a second: the gateway watches its files. */
const IN_FORCE_MS = 1_200;

/** One change after the other, in the order in which they were made, and the newest has the way back. */
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
      showToast({ text: errorText(error), kind: 'error' });
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

/** Only the built-in guide can answer. */
function hasNoProvider(setup: Setup | undefined): boolean {
  return setup !== undefined && !setup.providers.some(({ configured, api }) => configured && api !== 'built-in');
}

function useChanges({ value: setup, reload }: Resource<Setup>) {
  const isFirst = hasNoProvider(setup);
  const [edited, setEdited] = useState<{ readonly provider: Provider | undefined } | undefined>(undefined);
  const reloadSoon = (): void => void setTimeout(reload, IN_FORCE_MS);
  const attempt = (work: () => Promise<void>): void => {
    work().then(reloadSoon, (error: unknown) => showToast({ text: errorText(error), kind: 'error' }));
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
    remove: ({ id, name }: Provider) =>
      attempt(async () => {
        const restore = await removeProvider(id);
        showUndo(t('removed', { name }), () => attempt(restore));
      }),
    chooseForAgent: (agent: Agent, all: readonly Agent[], model: string | undefined) =>
      attempt(async () => {
        await saveAgentModel(agent, all, model);
        const back = (): Promise<void> => saveAgentModel(agent, all, agent.order?.[0]);
        const text = t('agentSaved', { name: agent.name, model: model ?? t('everybodys') });
        // One with fallbacks of its own cannot be put back from here as it was.
        if ((agent.order?.length ?? 0) > 1) showToast({ text });
        else showUndo(text, () => attempt(back));
      }),
  };
}

function Tabs({ tab }: { tab: string | undefined }) {
  const tabs = [
    { part: undefined, name: t('setup') },
    { part: 'usage', name: t('usage') },
  ] as const;
  return (
    <nav class="tabs" aria-label={t('tabs')}>
      {tabs.map(({ part, name }) => (
        <a key={name} href={hashOf('models', part === undefined ? [] : [part])} aria-current={part === tab ? 'page' : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}

interface SetupProps {
  readonly resource: Resource<Setup>;
  readonly checks: Checks;
  readonly changes: ReturnType<typeof useChanges>;
}

function SetupTab({ resource, checks, changes }: SetupProps) {
  const { value: setup, error, reload } = resource;
  const choose = useOrder(resource);
  useLiveReload(['config'], reload);
  if (setup === undefined) return error === undefined ? <Spinner /> : <ErrorBox error={error} retry={reload} />;
  const others = setup.providers.filter(({ configured }) => !configured);
  return (
    <>
      {error !== undefined && <ErrorBox error={error} retry={reload} isStale />}
      {hasNoProvider(setup) && (
        <section class="card first-provider">
          <h2>{t('firstTitle')}</h2>
          <p>{t('firstText')}</p>
          <Button kind="primary" icon="plus" onClick={() => changes.open(undefined)}>
            {t('addFirst')}
          </Button>
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
      <header class="view-head">
        <h1>{t('title')}</h1>
        <Tabs tab={tab} />
        {tab === undefined && (
          <>
            <Button icon="retry" onClick={checkAll} disabled={testable.length === 0}>
              {t('checkAll')}
            </Button>
            <Button kind="primary" icon="plus" onClick={add}>
              {t('add')}
            </Button>
          </>
        )}
      </header>
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
