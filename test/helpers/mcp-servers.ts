/** The MCP servers of a configuration, with real processes. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { McpServers as Servers } from '../../daemon/worker/tools/mcp/mcp-servers.js';
import { McpServers } from '../../daemon/worker/tools/mcp/mcp-servers.js';
import { McpServer } from '../../daemon/worker/tools/mcp/server.js';
import type { GatewayEvent } from '../../shared/api/gateway/events.js';
import { type Clock, systemClock } from '../../shared/clock.js';
import type { Config } from '../../shared/config/schema.js';
import { logMemory } from './log-memory.js';
import { testConfig } from './test-config.js';

export const MISBEHAVING = join(import.meta.dirname, '../fakes/misbehaving-mcp.mjs');
const PACKAGES = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol');

/** Settings of a server that is a program of Node. */
export const nodeServer = (path: string, args: readonly string[] = []) => ({ command: process.execPath, args: [path, ...args] });
export const misbehaving = (mode = '', more: object = {}) => ({
  ...nodeServer(MISBEHAVING),
  env: { MODE: mode, SECRET_KEY: 'sk-0123456789' },
  ...more,
});
export const everything = () => nodeServer(join(PACKAGES, 'server-everything/dist/index.js'), ['stdio']);
export const filesystem = (directory: string) => nodeServer(join(PACKAGES, 'server-filesystem/dist/index.js'), [directory]);

export interface McpWorld {
  readonly servers: Servers;
  readonly log: ReturnType<typeof logMemory>;
  readonly events: GatewayEvent[];
  /** The process groups that run. */
  groups(): readonly number[];
  call(server: string, tool: string, given?: { input?: object; signal?: AbortSignal }): ReturnType<Servers['call']>;
  state(server: string): { readonly state: string; readonly error: string | null };
  configure(servers: object): void;
}

export function mcpServers(configured: object, clock: Clock = systemClock): McpWorld {
  const read = (part: object): Config => testConfig({ mcp: { servers: part } });
  let config = read(configured);
  let pids: readonly number[] = [];
  const events: GatewayEvent[] = [];
  const log = logMemory();
  const servers = new McpServers({
    config: () => config,
    clock,
    logger: log,
    loadMcp: () => ({ createToolServer: (options) => new McpServer(options) }),
    paths: { home: process.cwd() },
    publish: (event) => void events.push(event),
    noteGroups: (noted) => (pids = noted),
  });
  onTestFinished(() => servers.stop());
  return {
    servers,
    log,
    events,
    groups: () => pids,
    call: (server, tool, { input = {}, signal = AbortSignal.timeout(20_000) } = {}) => servers.call(server, { tool, input, signal }),
    state(name) {
      const { state = '', error = null } = servers.list().find((entry) => entry.name === name) ?? {};
      return { state, error };
    },
    configure(part) {
      config = read(part);
      servers.reconfigure();
    },
  };
}
