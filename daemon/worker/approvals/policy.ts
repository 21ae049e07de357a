/** Whether an agent may use a tool, must ask first, or may not: from the configuration alone. */
import { defaultPermission, lookUpPermission } from '../../../shared/config/tools/look-up.js';
import type { Permission } from '../../../shared/config/tools/permissions.js';
import type { AgentConfig, Config } from '../../../shared/config/schema.js';

/** What is known of a tool. */
export interface NamedTool {
  readonly name: string;
  /** Whether its server says that it changes nothing. */
  readonly isReadOnly: boolean;
  readonly isBuiltIn: boolean;
}

/** The agent's own patterns come before those of all agents. Without any, built-in and reading tools are allowed, and others ask. */
export function permissionOf({ agents }: Config, agent: AgentConfig, tool: NamedTool): Permission {
  const configured = lookUpPermission(agent.permissions, tool.name) ?? lookUpPermission(agents.defaults.permissions, tool.name);
  return configured ?? defaultPermission(tool);
}
