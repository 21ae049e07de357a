/** Warnings about configured providers and models that cannot be used, for `status` and `/status`. */
import type { Config } from '../../../shared/config/schema.js';
import type { StatusWarning } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import type { ProviderRegistry } from '../providers/registry.js';

function* namedModels(config: Config): Generator<{ key: string; ref: string }> {
  const choices = [
    { key: 'agents.defaults.model', choice: config.agents.defaults.model },
    ...config.agents.list.filter(({ enabled }) => enabled).map(({ id, model }) => ({ key: `the model of agent '${id}'`, choice: model })),
  ];
  for (const { key, choice } of choices) {
    if (choice === undefined) continue;
    for (const ref of typeof choice === 'string' ? [choice] : [choice.primary, ...choice.fallbacks]) yield { key, ref };
  }
}

/** Returns the warning for a configured model that cannot be called. */
function warningOf(named: { key: string; ref: string }, registry: ProviderRegistry): StatusWarning[] {
  try {
    registry.resolve(named.ref);
    return [];
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return [
      { code: 'MODEL_UNUSABLE', message: `${named.key}: ${error.message}`, ...(error.hint === undefined ? {} : { hint: error.hint }) },
    ];
  }
}

export function modelWarnings(config: Config, registry: ProviderRegistry): StatusWarning[] {
  const providers = registry.entries
    .filter(({ source, problem }) => source === 'models.json' && problem !== undefined)
    .map(({ id, problem }) => ({ code: 'PROVIDER_UNUSABLE', message: `the provider '${id}' in models.json cannot be used: ${problem}` }));
  return [...providers, ...[...namedModels(config)].flatMap((named) => warningOf(named, registry))];
}
