/** Warnings about configured providers and models that cannot be used, for `status` and `/status`. */
import type { Config } from '../../../shared/config/schema.js';
import type { StatusWarning } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import type { ProviderRegistry } from '../providers/registry.js';

const MAX_WARNINGS = 20;
const MORE_HINT = 'Correct those that are named; the others are shown then.';

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

function* allWarnings(config: Config, registry: ProviderRegistry): Generator<StatusWarning> {
  for (const { id, source, problem } of registry.entries) {
    if (source !== 'models.json' || problem === undefined) continue;
    yield { code: 'PROVIDER_UNUSABLE', message: `the provider '${id}' in models.json cannot be used: ${problem}` };
  }
  for (const named of namedModels(config)) yield* warningOf(named, registry);
}

/** Returns the first warnings: they are sent with each heartbeat, and there may be as many as agents. */
export function modelWarnings(config: Config, registry: ProviderRegistry): StatusWarning[] {
  const warnings: StatusWarning[] = [];
  for (const warning of allWarnings(config, registry)) {
    if (warnings.length < MAX_WARNINGS) warnings.push(warning);
    else return [...warnings, { code: 'MODEL_UNUSABLE', message: 'more models or providers cannot be used', hint: MORE_HINT }];
  }
  return warnings;
}
