/** Whether an agent may use a tool, must ask first, or may not: from the configuration alone. */
import type { Permission } from '../../../shared/config/tools/permissions.js';
import type { AgentConfig, Config } from '../../../shared/config/schema.js';

/** What is known of a tool. */
export interface NamedTool {
  readonly name: string;
  /** Whether its server says that it changes nothing. */
  readonly isReadOnly: boolean;
  readonly isBuiltIn: boolean;
}

type Permissions = Readonly<Record<string, Permission>> | undefined;

const own = (permissions: NonNullable<Permissions>, pattern: string): Permission | undefined =>
  Object.hasOwn(permissions, pattern) ? permissions[pattern] : undefined;

/** Returns what the longest pattern that matches says. Takes as long as the name, however many patterns there are. */
function lookUp(permissions: Permissions, name: string): Permission | undefined {
  if (permissions === undefined) return undefined;
  const exact = own(permissions, name);
  if (exact !== undefined) return exact;
  for (let length = name.length; length >= 0; length -= 1) {
    const found = own(permissions, `${name.slice(0, length)}*`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The agent's own patterns come before those of all agents. Without any, built-in and reading tools are allowed, and others ask. */
export function permissionOf({ agents }: Config, agent: AgentConfig, tool: NamedTool): Permission {
  const configured = lookUp(agent.permissions, tool.name) ?? lookUp(agents.defaults.permissions, tool.name);
  return configured ?? (tool.isBuiltIn || tool.isReadOnly ? 'allow' : 'ask');
}
