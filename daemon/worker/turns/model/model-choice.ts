/** Decides which models a turn tries, in order. */
import type { Config, AgentConfig, ModelChoice } from '../../../../shared/config/schema.js';
import { GatewayError } from '../../../../shared/errors.js';
import type { ProviderRegistry, ResolvedModel } from '../../providers/registry.js';
import type { Candidate } from './answer.js';

/** Returns the models of a choice in the order in which they are tried. */
export function refsOf(choice: ModelChoice): [string, ...string[]] {
  return typeof choice === 'string' ? [choice] : [choice.primary, ...choice.fallbacks];
}

export interface Asking {
  /** Undefined: a model is called without an agent. */
  readonly agent?: AgentConfig;
  readonly config: Config;
}

/** Resolves a model, with the caller's limit on silence. @throws MODEL_NOT_FOUND */
export function resolveFor({ agent, config }: Asking, ref: string, registry: ProviderRegistry): ResolvedModel {
  const model = registry.resolve(ref);
  const silenceTimeoutMs = agent?.silenceTimeoutMs ?? model.silenceTimeoutMs ?? config.agents.defaults.silenceTimeoutMs;
  return { ...model, silenceTimeoutMs };
}

/** A configured model that cannot be used fails when its turn comes, so that a fallback can take over. */
function toCandidate(asking: Asking, ref: string, registry: ProviderRegistry): Candidate {
  try {
    return { ref, model: resolveFor(asking, ref, registry) };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { ref, problem: new GatewayError('AGENT_ERROR', { message: error.message, details: { model: ref }, cause: error }) };
  }
}

/**
 * The order: the request's model, the session's own, the agent's, the defaults', the first usable provider's, the built-in guide.
 * The first of these that is set decides; only its own fallbacks follow it.
 * @throws MODEL_NOT_FOUND when the request names a model that cannot be used
 */
export async function chooseModels(
  choice: { requested: string | undefined; session?: string | null; agent: AgentConfig; config: Config },
  registry: ProviderRegistry,
): Promise<[Candidate, ...Candidate[]]> {
  const { requested, session = null, agent, config } = choice;
  if (requested !== undefined) return [{ ref: requested, model: resolveFor(choice, requested, registry) }];
  if (session !== null) return [toCandidate(choice, session, registry)];
  const configured = agent.model ?? config.agents.defaults.model;
  const [primary, ...fallbacks] = configured === undefined ? ([await registry.defaultRef()] as const) : refsOf(configured);
  const others = [...new Set(fallbacks)].filter((ref) => ref !== primary);
  return [toCandidate(choice, primary, registry), ...others.map((ref) => toCandidate(choice, ref, registry))];
}
