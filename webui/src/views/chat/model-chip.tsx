/** Which model answers here, always in sight; a choice of another is this session's own. */
import type { z } from 'zod';
import type { modelsResponse } from '../../../../shared/api/models.js';
import type { sessionResponse } from '../../../../shared/api/sessions.js';
import { apiPath, call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { errorText } from '../../components/feedback.js';
import { Menu } from '../../components/menu.js';
import { showToast } from '../../components/toast.js';
import { t } from './text.js';

type Models = z.output<ReturnType<typeof modelsResponse>>;
type SessionAnswer = z.output<ReturnType<typeof sessionResponse>>;

export function useModels(): Models['models'] | undefined {
  return useResource((signal) => call<Models>('GET', '/api/models', { signal }), []).value?.models;
}

/** @param props.lastUsed  the model of the last answer: what "as configured" came to */
export function ModelChip({ session, lastUsed }: { session: string | undefined; lastUsed: string | undefined }) {
  const models = useModels();
  const own = useResource(
    async (signal) =>
      session === undefined ? undefined : call<SessionAnswer>('GET', apiPath('/api/sessions/:key', { key: session }), { signal }),
    [session],
  );
  const chosen = own.value?.session.model ?? null;
  const choose = async (model: string | null): Promise<void> => {
    try {
      await call('PATCH', apiPath('/api/sessions/:key', { key: session ?? '' }), { body: { model } });
      own.reload();
    } catch (error) {
      showToast({ text: errorText(error), kind: 'error' });
    }
  };
  const shown = chosen ?? lastUsed ?? t('modelDefault');
  if (session === undefined || models === undefined) return <span class="spread" />;
  return (
    <span class="model-chip spread">
      <Menu
        label={t('model', { model: shown })}
        text={shown}
        align="start"
        opens="up"
        items={[
          { label: t('modelDefault'), isChecked: chosen === null, run: () => void choose(null) },
          ...models.map(({ id }) => ({ label: id, isChecked: id === chosen, run: () => void choose(id) })),
        ]}
      />
    </span>
  );
}
