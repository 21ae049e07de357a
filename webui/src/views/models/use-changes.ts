/** The data of the models view and what changes it. Removals and choices of models can be undone. */
import { useRef } from 'preact/hooks';
import { useLiveReload } from '../../api/live-reload.js';
import { type Resource, useResource } from '../../api/use-resource.js';
import { attempt, showError, showToast, showUndo } from '../../components/toast/toast.js';
import { hashOf, navigate } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { type Agent, type Provider, readSetup, removeProvider, saveAgentModel, saveOrder, type Setup } from './models-api.js';
import { t } from './text.js';

/** Returns whether only the built-in guide can answer. */
export function hasNoProvider(setup: Setup | undefined): boolean {
  return setup !== undefined && !setup.providers.some(({ configured, api }) => configured && api !== 'built-in');
}

/** Saves changes of the order one after another, and reads nothing in between. Only the newest can be undone. */
export function useSetup(): { readonly resource: Resource<Setup>; readonly chooseOrder: (order: readonly string[]) => void } {
  const saving = useRef<Promise<unknown>>(Promise.resolve());
  const dismiss = useRef<() => void>(() => undefined);
  const resource = useResource(async (signal) => {
    await saving.current;
    return readSetup(signal);
  }, []);
  const { value: setup, set, reload, refresh } = resource;
  useLiveReload(['config'], refresh);
  const shown = useRef(setup);
  shown.current = setup;
  const chooseOrder = (order: readonly string[]): void => {
    const now = shown.current;
    if (now === undefined) return;
    shown.current = { ...now, order };
    set(shown.current);
    const saved = (): void => {
      dismiss.current();
      dismiss.current = showUndo(t('orderSaved', { models: order.join(' → ') || t('automatic') }), () => chooseOrder(now.order));
    };
    saving.current = saving.current.then(() => saveOrder(order)).then(saved, showError);
    void saving.current.then(reload);
  };
  return { resource, chooseOrder };
}

/** Returns why a provider cannot be removed: it provides the default model, a fallback or an agent's model. */
function useOf({ id, name }: Provider, { order, agents }: Setup): string | undefined {
  const isOwn = (model: string): boolean => model.startsWith(`${id}/`);
  const [first, ...fallbacks] = order;
  if (first !== undefined && isOwn(first)) return t('providesDefault', { name });
  const fallback = fallbacks.find(isOwn);
  if (fallback !== undefined) return t('providesFallback', { name, model: fallback });
  const agent = agents.find(({ order: own }) => own?.some(isOwn) === true);
  return agent === undefined ? undefined : t('providesAgent', { name, agent: agent.name });
}

export function useChanges({ value: setup, reload }: Resource<Setup>) {
  const isFirst = hasNoProvider(setup);
  const change = async (work: () => Promise<void>): Promise<void> => {
    await attempt(work);
    // Also after a failure: a select keeps what was chosen until it is rendered again.
    reload();
  };
  return {
    saved: (id: string) => {
      const toChat = { label: shell('goToChat'), run: () => navigate(hashOf('chat')) };
      showToast({ text: t('saved', { id }), ...(isFirst ? { action: toChat } : {}) });
      reload();
    },
    remove: (provider: Provider): void => {
      const { id, name } = provider;
      const use = setup && useOf(provider, setup);
      if (use !== undefined) return void showToast({ text: use, kind: 'error' });
      void change(async () => {
        const restore = await removeProvider(id);
        showUndo(t('removed', { name }), () => void change(restore));
      });
    },
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

export type Changes = ReturnType<typeof useChanges>;
