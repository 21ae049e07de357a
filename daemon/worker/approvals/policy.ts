/** Decides from the configuration alone whether an agent may use a tool, must ask first, or may not use it. */
import { defaultPermission, lookUpPermission } from '../../../shared/config/tools/look-up.js';
import type { Permission } from '../../../shared/config/tools/permissions.js';
import type { AgentConfig, Config } from '../../../shared/config/schema.js';

/** The known properties of a tool. */
export interface NamedTool {
  readonly name: string;
  /** Whether, according to its server, it changes nothing. */
  readonly isReadOnly: boolean;
  readonly isBuiltIn: boolean;
}

/**
 * The agent's own patterns take precedence over those for all agents. If no pattern matches, built-in and read-only tools are
 * allowed and others must ask.
 */
export function permissionOf({ agents }: Config, agent: AgentConfig, tool: NamedTool): Permission {
  const configured = lookUpPermission(agent.permissions, tool.name) ?? lookUpPermission(agents.defaults.permissions, tool.name);
  return configured ?? defaultPermission(tool);
}
