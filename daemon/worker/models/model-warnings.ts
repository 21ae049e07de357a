/** Warnings about configured providers and models that cannot be used, for `status` and `/status`. */
import type { Config } from '../../../shared/config/schema.js';
import type { StatusWarning } from '../../../shared/api/gateway/status.js';
import { GatewayError } from '../../../shared/errors.js';
import { sayOfIssue } from '../../../shared/text/sentences/issue.js';
import { enabledAgents } from '../config/agents.js';
import type { ProviderRegistry } from '../providers/registry.js';
import { refsOf } from '../turns/model/model-choice.js';

const MAX_WARNINGS = 20;
const MORE_HINT = 'Correct those that are named; the others are shown then.';

/** Returns each configured model, with the text for the case that it cannot be used. */
function* namedModels(config: Config): Generator<{ say: (cause: string) => string; ref: string }> {
  const choices = [
    { say: (cause: string) => sayOfIssue('model-unusable-default', { cause }), choice: config.agents.defaults.model },
    { say: (cause: string) => sayOfIssue('model-unusable-transcription', { cause }), choice: config.transcription.model },
    ...enabledAgents(config).map(({ id, model }) => ({
      say: (cause: string) => sayOfIssue('model-unusable-of', { agent: id, cause }),
      choice: model,
    })),
  ];
  for (const { say, choice } of choices) {
    if (choice === undefined) continue;
    for (const ref of refsOf(choice)) yield { say, ref };
  }
}

/** Returns the warning for a configured model that cannot be called. */
function warningOf({ say, ref }: { say: (cause: string) => string; ref: string }, registry: ProviderRegistry): StatusWarning[] {
  try {
    registry.resolve(ref);
    return [];
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return [{ code: 'MODEL_UNUSABLE', message: say(error.message), ...(error.hint === undefined ? {} : { hint: error.hint }) }];
  }
}

function* allWarnings(config: Config, registry: ProviderRegistry): Generator<StatusWarning> {
  for (const { id, source, problem } of registry.entries) {
    if (source !== 'models.json' || problem === undefined) continue;
    yield { code: 'PROVIDER_UNUSABLE', message: sayOfIssue('provider-unusable', { provider: id, cause: problem }) };
  }
  for (const named of namedModels(config)) yield* warningOf(named, registry);
}

/** Returns the first warnings: they are sent with each heartbeat, and there may be as many as agents. */
export function modelWarnings(config: Config, registry: ProviderRegistry): StatusWarning[] {
  const warnings: StatusWarning[] = [];
  for (const warning of allWarnings(config, registry)) {
    if (warnings.length < MAX_WARNINGS) warnings.push(warning);
    else return [...warnings, { code: 'MODEL_UNUSABLE', message: sayOfIssue('more-unusable'), hint: MORE_HINT }];
  }
  return warnings;
}
