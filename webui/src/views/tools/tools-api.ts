/** Tools: the state of the MCP servers, and their configuration and permissions. */
import type { GrantDocument } from '../../../../shared/api/tools/approvals.js';
import type { ConfigView } from '../../../../shared/api/gateway/config.js';
import type {
  McpCallResult as CallResult,
  McpServerDocument as Server,
  McpTestResult as TestResult,
  McpToolDocument as Tool,
} from '../../../../shared/api/tools/mcp.js';
import type { Config, WrittenConfig } from '../../../../shared/config/schema.js';
import type { Permission } from '../../../../shared/config/tools/permissions.js';
import type { Permissions } from '../../../../shared/config/tools/look-up.js';
import type { ServerEntry } from './server/server-fields.js';
import { apiPath, call, type Call, make } from '../../api/client.js';

export type { CallResult, Server, TestResult, Tool };

export interface Agent {
  readonly id: string;
  readonly name: string;
  /** The built-in tools, and the names of the servers, that it is given; undefined: all servers. */
  readonly tools: readonly string[];
  readonly mcpServers: readonly string[] | undefined;
  /** As written for it alone. */
  readonly permissions: Permissions;
}

export interface Setup {
  readonly servers: readonly Server[];
  readonly agents: readonly Agent[];
  readonly grants: readonly GrantDocument[];
  /** As written for all agents. */
  readonly permissions: Permissions;
  readonly entries: Readonly<Record<string, ServerEntry>>;
  /** Of the configuration file. */
  readonly revision: string;
}

/** Permissions are shown as written: they are in force a moment later. */
function agentsOf(config: WrittenConfig, { agents }: Config): readonly Agent[] {
  return agents.list.map(({ id, name, tools, mcpServers }) => ({
    id,
    name: name ?? id,
    tools: tools ?? agents.defaults.tools,
    mcpServers: mcpServers ?? agents.defaults.mcpServers,
    permissions: config.agents?.list?.find((entry) => entry.id === id)?.permissions ?? {},
  }));
}

export type ConfigFile = Pick<ConfigView, 'revision' | 'config' | 'effective'>;

export const readConfig = (signal?: AbortSignal): Promise<ConfigFile> => call('GET', '/api/config', { signal });

export function entriesOf({ config }: Pick<ConfigFile, 'config'>): Readonly<Record<string, ServerEntry>> {
  return (config as WrittenConfig).mcp?.servers ?? {};
}

export async function readSetup(signal: AbortSignal): Promise<Setup> {
  const [{ servers }, { grants }, file] = await Promise.all([
    call<{ servers: Server[] }>('GET', '/api/mcp', { signal }),
    call<{ grants: GrantDocument[] }>('GET', '/api/approvals/grants', { signal }),
    readConfig(signal),
  ]);
  const config = file.config as WrittenConfig;
  return {
    servers,
    grants,
    agents: agentsOf(config, file.effective as Config),
    permissions: config.agents?.defaults?.permissions ?? {},
    entries: entriesOf(file),
    revision: file.revision,
  };
}

/** Returns the tools of a server, which is started for that. */
export async function readTools(server: string, signal: AbortSignal): Promise<readonly Tool[]> {
  return (await call<{ tools: Tool[] }>('GET', apiPath('/api/mcp/:server/tools', { server }), { signal })).tools;
}

export const testServer = (server: string): Promise<TestResult> =>
  call('POST', apiPath('/api/mcp/:server/test', { server }), { isAction: false });

export function runCall(server: string, tool: string, values: Readonly<Record<string, unknown>>): Call {
  return { method: 'POST', path: apiPath('/api/mcp/:server/tools/:tool/call', { server, tool }), body: { arguments: values } };
}

/** Saves what agents may do with the tools that match a pattern; undefined removes the entry. @param agent  undefined: all agents */
export async function savePermission(
  pattern: string,
  permission: Permission | undefined,
  place: { agent?: Agent | undefined; all: readonly Agent[] },
) {
  if (place.agent === undefined) {
    const body = { agents: { defaults: { permissions: { [pattern]: permission ?? null } } } };
    await make({ method: 'PATCH', path: '/api/config', body });
    return;
  }
  const { writeAgentEntry } = await import('../config/agent-entry.js');
  await writeAgentEntry({ agent: place.agent, all: place.all }, { path: ['permissions', pattern], value: permission });
}

export function enableCall(server: string, enabled: boolean): Call {
  return { method: 'PATCH', path: '/api/config', body: { mcp: { servers: { [server]: { enabled } } } } };
}

export const removeCall = (server: string): Call => ({
  method: 'PATCH',
  path: '/api/config',
  body: { mcp: { servers: { [server]: null } } },
});
