/** The default model and its fallbacks, the models of agents, and the providers. */
import type { Resource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { Empty, Loaded } from '../../components/feedback/feedback.js';
import { Agents } from './agents.js';
import { ModelOrder } from './model-order.js';
import type { Model, Provider, Setup } from './models-api.js';
import { ProviderCard } from './provider/provider-card.js';
import { t } from './text.js';
import { type Changes, hasNoProvider } from './use-changes.js';
import type { Checks } from './use-checks.js';

interface SetupTabProps {
  readonly resource: Resource<Setup>;
  readonly checks: Checks;
  readonly changes: Changes;
  readonly onOrder: (order: readonly string[]) => void;
  readonly onAdd: () => void;
  readonly onEdit: (provider: Provider) => void;
  readonly onEditModel: (provider: Provider, model: Model) => void;
}

/** The configured providers, and those of the file that lack a key. */
function shownProviders({ providers }: Setup): readonly Provider[] {
  return providers.filter(({ configured, source, api }) => api !== 'built-in' && (configured || source === 'models.json'));
}

export function SetupTab({ resource, checks, changes, onOrder, onAdd, onEdit, onEditModel }: SetupTabProps) {
  const { value: setup } = resource;
  if (setup === undefined) return <Loaded of={resource} lines={8} />;
  return (
    <>
      <Loaded of={resource} />
      {hasNoProvider(setup) ? (
        <Empty title={t('firstTitle')} icon="models" action={<Button kind="primary" icon="plus" text={t('add')} onClick={onAdd} />}>
          {t('firstText')}
        </Empty>
      ) : (
        <div class="model-choices">
          <ModelOrder setup={setup} checks={checks} onOrder={onOrder} />
          <Agents setup={setup} onChoose={(agent, model) => changes.chooseForAgent(agent, setup.agents, model)} />
        </div>
      )}
      <ul class="providers" aria-label={t('providers')}>
        {shownProviders(setup).map((provider) => (
          <ProviderCard
            key={provider.id}
            provider={provider}
            models={setup.models.filter((model) => model.provider === provider.id)}
            order={setup.order}
            checks={checks}
            onEdit={() => onEdit(provider)}
            onEditModel={(model) => onEditModel(provider, model)}
            onRemove={() => changes.remove(provider)}
            onOrder={onOrder}
          />
        ))}
      </ul>
    </>
  );
}
