/** Which model answers here, always in sight; a choice of another is this session's own. */
import { useEffect } from 'preact/hooks';
import type { z } from 'zod';
import type { modelsResponse } from '../../../../shared/api/models.js';
import type { sessionResponse } from '../../../../shared/api/sessions.js';
import { apiPath, call } from '../../api/client.js';
import { connection } from '../../api/socket.js';
import { type Resource, useResource } from '../../api/use-resource.js';
import { errorText } from '../../components/feedback.js';
import { Menu } from '../../components/menu.js';
import { showToast } from '../../components/toast.js';
import type { ChatModel, StoredMessage } from './chat-model.js';
import { t } from './text.js';

type Models = z.output<ReturnType<typeof modelsResponse>>;
export type SessionAnswer = z.output<ReturnType<typeof sessionResponse>>;

const LOOK_AGAIN_MS = 1_500;

/** Whether anything but the built-in guide can answer. */
export function hasProvider(models: Models['models']): boolean {
  return models.some(({ provider }) => provider !== 'xopc');
}

/** Where there is none yet, one that was added a moment ago comes into force, so it is looked again. */
export function useModels(): Models['models'] | undefined {
  const { value, reload } = useResource((signal) => call<Models>('GET', '/api/models', { signal }), []);
  useEffect(() => {
    if (value === undefined || hasProvider(value.models)) return undefined;
    const timer = setTimeout(reload, LOOK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return value?.models;
}

export interface ModelChoice {
  readonly models: Models['models'] | undefined;
  /** `provider/model` that was chosen for this session. */
  readonly chosen: string | null;
  /** The one that answers: chosen, or what "as configured" came to at last. */
  readonly inForce: string | undefined;
  /** What is known of it. */
  readonly info: Models['models'][number] | undefined;
  readonly costUsd: number | undefined;
  readonly choose: (model: string | null) => void;
}

/** The turn of the last answer. */
export function lastTurn(chat: ChatModel | undefined): StoredMessage['turn'] {
  return chat?.messages.value.findLast(({ turn }) => turn !== undefined)?.turn;
}

/** What is known of the session, without what was said in it. */
export function useSession(chat: ChatModel): Resource<SessionAnswer> {
  const path = apiPath('/api/sessions/:key', { key: chat.session }, { limit: 0 });
  // What it has cost grows with each answer.
  const own = useResource((signal) => call<SessionAnswer>('GET', path, { signal }), [path, lastTurn(chat)?.id]);
  const isMissed = own.error !== undefined && connection.value.kind === 'online';
  useEffect(() => {
    if (isMissed) own.reload();
    // Once a connection: what fails with one fails again.
  }, [connection.value.kind]);
  return own;
}

/** @param onBegun  is told of the session that a choice has made */
export function useModelChoice(
  chat: ChatModel | undefined,
  own: Resource<SessionAnswer> | undefined,
  onBegun?: (session: string) => void,
): ModelChoice {
  const session = chat?.session;
  const models = useModels();
  const chosen = own?.value?.session.model ?? null;
  const lastUsed = chat?.messages.value.findLast(({ role, model }) => role === 'assistant' && model !== null)?.model ?? undefined;
  const inForce = chosen ?? lastUsed;
  const set = async (model: string | null): Promise<void> => {
    try {
      // A choice is a session's own: the first one makes it.
      const key = session ?? (await call<{ session: { key: string } }>('POST', '/api/sessions')).session.key;
      await call('PATCH', apiPath('/api/sessions/:key', { key }), { body: { model } });
      if (session === undefined) onBegun?.(key);
      else own?.reload();
    } catch (error) {
      showToast({ text: errorText(error), kind: 'error' });
    }
  };
  return {
    models,
    chosen,
    inForce,
    info: models?.find(({ id }) => id === inForce),
    costUsd: own?.value?.usage.costUsd,
    choose: (model) => void set(model),
  };
}

export function ModelChip({ choice: { models, chosen, inForce, choose } }: { choice: ModelChoice }) {
  const shown = inForce ?? t('modelDefault');
  if (models === undefined) return <span class="spread" />;
  return (
    <span class="model-chip spread">
      <Menu
        label={t('model', { model: shown })}
        text={shown}
        align="start"
        opens="up"
        items={[
          { label: t('modelDefault'), isChecked: chosen === null, run: () => choose(null) },
          ...models.map(({ id }) => ({ label: id, isChecked: id === chosen, run: () => choose(id) })),
        ]}
      />
    </span>
  );
}
