/** Which models a turn tries, in order. */
import type { Config, AgentConfig, ModelChoice } from '../../../../shared/config/schema.js';
import { GatewayError } from '../../../../shared/errors.js';
import type { ProviderRegistry } from '../../providers/registry.js';
import type { Candidate } from './answer.js';

function refsOf(choice: ModelChoice): [string, ...string[]] {
  return typeof choice === 'string' ? [choice] : [choice.primary, ...choice.fallbacks];
}

/** A configured model that cannot be used fails when its turn comes, so that a fallback can take over. */
function toCandidate(ref: string, registry: ProviderRegistry): Candidate {
  try {
    return { ref, model: registry.resolve(ref) };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { ref, problem: new GatewayError('AGENT_ERROR', { message: error.message, details: { model: ref }, cause: error }) };
  }
}

/**
 * The order: the request's model, the session's own, the agent's, the defaults', the first usable provider's, the built-in guide.
 * The first of these that is there decides; only its own fallbacks follow it.
 * @throws MODEL_NOT_FOUND when the request names a model that cannot be used
 */
export async function chooseModels(
  choice: { requested: string | undefined; session?: string | null; agent: AgentConfig; config: Config },
  registry: ProviderRegistry,
): Promise<[Candidate, ...Candidate[]]> {
  const { requested, session = null, agent, config } = choice;
  if (requested !== undefined) return [{ ref: requested, model: registry.resolve(requested) }];
  if (session !== null) return [toCandidate(session, registry)];
  const configured = agent.model ?? config.agents.defaults.model;
  const [primary, ...fallbacks] = configured === undefined ? ([await registry.defaultRef()] as const) : refsOf(configured);
  const others = [...new Set(fallbacks)].filter((ref) => ref !== primary);
  return [toCandidate(primary, registry), ...others.map((ref) => toCandidate(ref, registry))];
}
