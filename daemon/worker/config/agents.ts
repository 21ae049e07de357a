/** Finds the agent of a request. */
import type { AgentConfig, Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { listNames } from '../../../shared/text/list-names.js';
import { reason, say } from '../../../shared/text/reasons.js';

export const enabledAgents = ({ agents }: Config): AgentConfig[] => agents.list.filter(({ enabled }) => enabled);

/** @param agentId  default: the configuration's default agent */
export function isAgentEnabled({ agents }: Config, agentId: string = agents.default): boolean {
  return agents.list.some(({ id, enabled }) => id === agentId && enabled);
}

/**
 * @param agentId  default: the configuration's default agent
 * @throws INVALID_REQUEST for an agent that is not configured or is disabled
 */
export function findAgent(config: Config, agentId: string = config.agents.default): AgentConfig {
  const agent = config.agents.list.find(({ id }) => id === agentId);
  if (agent === undefined) {
    const known = listNames(config.agents.list.map(({ id }) => id));
    const why = reason('no-agent', { name: agentId });
    throw new GatewayError('INVALID_REQUEST', { message: say(why), details: { ...why }, hint: `Configured agents: ${known}.` });
  }
  if (!agent.enabled) {
    const why = reason('agent-disabled', { name: agentId });
    throw new GatewayError('INVALID_REQUEST', {
      message: say(why),
      details: { ...why },
      hint: `Set "enabled": true for it in the configuration.`,
    });
  }
  return agent;
}
