/** The model of the conversation. A choice applies to this session only. */
import { useEffect, useRef } from 'preact/hooks';
import type { ModelDocument, ModelList } from '../../../../../shared/api/models.js';
import type { SessionTranscript } from '../../../../../shared/api/sessions.js';
import { apiPath, call } from '../../../api/client.js';
import { type Resource, useRepeated, useResource } from '../../../api/use-resource.js';
import { Menu } from '../../../components/menu/menu.js';
import { attempt } from '../../../components/toast/toast.js';
import type { ChatModel, StoredMessage } from '../model/chat-model.js';
import { newChat } from '../model/new-chat.js';
import { t } from '../text.js';

const LOOK_AGAIN_MS = 1_500;

/** Returns whether anything but the built-in guide can answer. */
export function hasProvider(models: readonly ModelDocument[]): boolean {
  return models.some(({ provider }) => provider !== 'xopc');
}

/** Reads the models; repeatedly while there is no provider, because one may just have been added. */
export function useModels(): ModelList | undefined {
  const { value, reload } = useRepeated(useResource((signal) => call<ModelList>('GET', '/api/models', { signal }), []));
  useEffect(() => {
    if (value === undefined || hasProvider(value.models)) return undefined;
    const timer = setTimeout(reload, LOOK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return value;
}

export interface ModelChoice {
  readonly models: readonly ModelDocument[] | undefined;
  /** The `provider/model` chosen for this session. */
  readonly chosen: string | null;
  /** The model that answers if none is chosen; undefined if unknown. */
  readonly fallback: string | undefined;
  /** The model that answers: the chosen one, the one that answered last, or the default. */
  readonly inForce: string | undefined;
  readonly info: ModelDocument | undefined;
  readonly costUsd: number | undefined;
  readonly choose: (model: string | null) => void;
}

/** Returns the turn of the last answer. */
export function lastTurn(chat: ChatModel | undefined): StoredMessage['turn'] {
  return chat?.messages.value.findLast(({ turn }) => turn !== undefined)?.turn;
}

/** Reads the session without its messages. */
export function useSession(chat: ChatModel): Resource<SessionTranscript> {
  const path = apiPath('/api/sessions/:key', { key: chat.session }, { limit: 0 });
  const own = useRepeated(useResource((signal) => call<SessionTranscript>('GET', path, { signal }), [path]));
  const isOpened = useRef(false);
  // The cost grows with each answer. The first read includes the answers that the conversation opens with.
  useEffect(() => {
    if (isOpened.current) own.reload();
  }, [lastTurn(chat)?.id]);
  useEffect(() => {
    if (chat.isCurrent.value) isOpened.current = true;
  }, [chat.isCurrent.value]);
  return own;
}

interface ChoiceOptions {
  readonly list: ModelList | undefined;
  /** Undefined in a chat without a session. */
  readonly chat: ChatModel | undefined;
  readonly own: Resource<SessionTranscript> | undefined;
}

export function useModelChoice({ list, chat, own }: ChoiceOptions): ModelChoice {
  const session = chat?.session;
  const { models, defaults } = list ?? {};
  const { model: chosen = null, agentId = defaults?.[0]?.agentId } = own?.value?.session ?? {};
  const fallback = defaults?.find((known) => known.agentId === agentId)?.model;
  const lastUsed = chat?.messages.value.findLast(({ role, model }) => role === 'assistant' && model !== null)?.model ?? undefined;
  const inForce = chosen ?? lastUsed ?? fallback;
  const set = (model: string | null): Promise<boolean> =>
    attempt(async () => {
      // A choice belongs to a session: the first one creates it.
      if (session === undefined) return newChat.choose(model);
      await call('PATCH', apiPath('/api/sessions/:key', { key: session }), { body: { model } });
      own?.reload();
    });
  return {
    models,
    chosen,
    fallback,
    inForce,
    info: models?.find(({ id }) => id === inForce),
    costUsd: own?.value?.usage.costUsd,
    choose: (model) => void set(model),
  };
}

export function ModelChip({ choice: { models, chosen, fallback, inForce, choose } }: { choice: ModelChoice }) {
  const byDefault = fallback === undefined ? t('modelDefault') : t('modelDefaultIs', { model: fallback });
  const shown = inForce ?? byDefault;
  if (models === undefined) return <span class="spread" />;
  return (
    <span class="model-chip spread">
      <Menu
        label={t(chosen === null ? 'modelByDefault' : 'model', { model: shown })}
        text={shown}
        align="start"
        opens="up"
        items={[
          { label: byDefault, isChecked: chosen === null, run: () => choose(null) },
          ...models.map(({ id }) => ({ label: id, isChecked: id === chosen, run: () => choose(id) })),
        ]}
      />
    </span>
  );
}
