/**
 * Manages the configured MCP servers, for the routes and as a source of tools for turns. Nothing is loaded and no process is
 * started before a server is first used.
 */
import { isFields } from '../../../../shared/fields.js';
import type { GatewayEvent } from '../../../../shared/api/gateway/events.js';
import type { McpCallResult, McpServerDocument, McpTestResult, McpToolDocument } from '../../../../shared/api/tools/mcp.js';
import { isoTime } from '../../../../shared/clock.js';
import { formatKey } from '../../../../shared/config/key-path.js';
import type { AgentConfig } from '../../../../shared/config/schema.js';
import type { McpServerConfig } from '../../../../shared/config/tools/mcp.js';
import { type ErrorCode, GatewayError } from '../../../../shared/errors.js';
import { withFields } from '../../../../shared/log/log-port.js';
import { listNames } from '../../../../shared/text/list-names.js';
import { shellCommand } from '../../../../shared/text/shell-word.js';
import { type Tool, ToolError, type ToolSource } from '../tool.js';
import type { McpCall, McpOutcome, McpServer, McpServerOptions } from './server.js';
import type { FailureKind } from './server-failure.js';
import type { StopTimes } from './server-process.js';
import type { Deps } from '../../store/tasks/worker-deps.js';

/** The MCP bundle's exports for servers (`daemon/worker/lazy/mcp.ts`). */
export interface ToolServerModule {
  createToolServer(options: McpServerOptions): McpServer;
}

export interface McpServersOptions extends Deps<'clock' | 'logger' | 'config'> {
  /** Loads the bundle. */
  readonly loadMcp: () => ToolServerModule;
  /** Programs that have no `cwd` start in the home. */
  readonly paths: { readonly home: string };
  readonly publish?: (event: GatewayEvent) => void;
  /** Called with the running process groups, at each change. */
  readonly noteGroups?: (pids: readonly number[]) => void;
}

export type McpService = Pick<McpServers, 'list' | 'tools' | 'probe' | 'call'>;

/** A worker that ends does not wait longer for servers that do not end. */
const LAST_STOP: StopTimes = { termAfterMs: 100, killAfterMs: 1_000 };

/** By kind of failure: the error code, and what the message says about the server. */
const FAILURES = {
  refused: ['INVALID_REQUEST', 'refused the call'],
  rejected: ['CONFLICT', 'cannot be used'],
  faulty: ['UNAVAILABLE', 'cannot be used'],
  late: ['UNAVAILABLE', 'is too slow'],
  unreachable: ['UNAVAILABLE', 'does not answer'],
} as const satisfies Record<FailureKind, readonly [ErrorCode, string]>;

interface Used {
  /** Settings as JSON; a different text means a different server. */
  readonly settings: string;
  readonly server: McpServer;
}

const notFound = (name: string, known: readonly string[]): GatewayError =>
  new GatewayError('NOT_FOUND', {
    message: `there is no MCP server '${name}'`,
    hint: known.length === 0 ? 'Add one with: xopc mcp add' : `Configured: ${listNames(known)}`,
  });

function targetOf({ command, url = '' }: McpServerConfig): Pick<McpServerDocument, 'transport' | 'target'> {
  if (command === undefined) return { transport: 'http', target: new URL(url).origin };
  return { transport: 'stdio', target: command.split(/[\\/]/).at(-1) ?? command };
}

/** Returns the server's part of the tool name that models see; server names have no underscore. */
const serverOfTool = (name: string): string => name.split('__')[0] ?? '';

export class McpServers implements ToolSource {
  readonly #options: McpServersOptions;
  readonly #startedAt: string;
  readonly #used = new Map<string, Used>();
  readonly #retiring = new Map<McpServer, Promise<void>>();
  readonly #groups = new Set<number>();
  #isStopped = false;

  constructor(options: McpServersOptions) {
    this.#options = options;
    this.#startedAt = isoTime(options.clock.now());
  }

  list(): McpServerDocument[] {
    return Object.entries(this.#settings()).map(([name, settings]) => {
      const { enabled } = settings;
      const unused = { state: enabled ? ('idle' as const) : ('off' as const), error: null, tools: null, pid: null, since: this.#startedAt };
      return { name, ...targetOf(settings), ...(enabled ? (this.#used.get(name)?.server.status() ?? unused) : unused) };
    });
  }

  /** Starts the server. @throws NOT_FOUND; CONFLICT, INVALID_REQUEST, UNAVAILABLE with the server's reason */
  async tools(name: string): Promise<readonly McpToolDocument[]> {
    return this.#valueOf(name, await this.#serverOf(name).tools());
  }

  /** @throws NOT_FOUND, CONFLICT */
  async probe(name: string): Promise<McpTestResult> {
    return this.#serverOf(name).probe();
  }

  /** @throws NOT_FOUND; CONFLICT, INVALID_REQUEST, UNAVAILABLE with the server's reason */
  async call(name: string, call: McpCall): Promise<McpCallResult> {
    return this.#valueOf(name, await this.#serverOf(name).call(call));
  }

  async toolsFor(agent: AgentConfig, signal: AbortSignal, needed: readonly string[] = []): Promise<readonly Tool[]> {
    const names = this.#namesFor(agent);
    if (names.length === 0 || this.#isStopped) return [];
    const servers = new Set(needed.map(serverOfTool));
    const lists = await Promise.all(names.map((name) => this.#toolsOf(name, signal, servers.has(name))));
    return lists.flat();
  }

  whyMissing(agent: AgentConfig, tool: string): string | undefined {
    const name = serverOfTool(tool);
    if (!this.#namesFor(agent).includes(name)) return undefined;
    const { tools = null, error = null } = this.#used.get(name)?.server.status() ?? {};
    return tools === null ? `the MCP server '${name}' is not ready: ${error ?? 'it is still being started'}` : undefined;
  }

  /** Stops the servers whose settings have changed, once their calls have ended; leaves the others alone. */
  reconfigure(): void {
    const settings = this.#settings();
    for (const [name, { settings: before, server }] of this.#used) {
      const now = settings[name];
      if (now?.enabled === true && JSON.stringify(now) === before) continue;
      this.#used.delete(name);
      this.#retiring.set(
        server,
        server.retire().finally(() => this.#retiring.delete(server)),
      );
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    // Those that retire do not wait for their calls any longer.
    const servers = [...this.#retiring.keys(), ...[...this.#used.values()].map(({ server }) => server)];
    await Promise.all([...servers.map((server) => server.stop(LAST_STOP)), ...this.#retiring.values()]);
  }

  #namesFor(agent: AgentConfig): string[] {
    const settings = this.#settings();
    const wanted = agent.mcpServers ?? this.#options.config().agents.defaults.mcpServers ?? Object.keys(settings);
    // Vendors refuse two tools of one name.
    return [...new Set(wanted)].filter((name) => settings[name]?.enabled === true);
  }

  #settings(): Readonly<Record<string, McpServerConfig>> {
    return this.#options.config().mcp.servers;
  }

  /** @throws NOT_FOUND, CONFLICT */
  #serverOf(name: string): McpServer {
    const all = this.#settings();
    const settings = Object.hasOwn(all, name) ? all[name] : undefined;
    if (settings === undefined) throw notFound(name, Object.keys(all));
    if (!settings.enabled)
      throw new GatewayError('CONFLICT', {
        message: `the MCP server '${name}' is disabled`,
        hint: `Enable it with: ${shellCommand`xopc config set ${formatKey(['mcp', 'servers', name, 'enabled'])} true`}`,
      });
    if (this.#isStopped) throw new GatewayError('UNAVAILABLE', { message: 'the gateway is being stopped' });
    return this.#used.get(name)?.server ?? this.#create(name, settings);
  }

  #create(name: string, settings: McpServerConfig): McpServer {
    const { loadMcp, clock, logger, paths } = this.#options;
    const server = loadMcp().createToolServer({
      name,
      settings,
      home: paths.home,
      clock,
      logger: withFields(logger, { server: name }),
      onGroup: (pid, isRunning) => this.#noteGroup(pid, isRunning),
      onChange: () => {
        if (this.#used.get(name)?.server !== server) return;
        const { state, error } = server.status();
        this.#options.publish?.({ type: 'mcp', server: name, state, error });
      },
    });
    this.#used.set(name, { settings: JSON.stringify(settings), server });
    return server;
  }

  #noteGroup(pid: number, isRunning: boolean): void {
    if (isRunning) this.#groups.add(pid);
    else this.#groups.delete(pid);
    this.#options.noteGroups?.([...this.#groups]);
  }

  #valueOf<Value>(name: string, outcome: McpOutcome<Value>): Value {
    if (outcome.ok) return outcome.value;
    const [code, problem] = FAILURES[outcome.kind];
    throw new GatewayError(code, { message: `the MCP server '${name}' ${problem}: ${outcome.error}` });
  }

  async #toolsOf(name: string, signal: AbortSignal, isNeeded: boolean): Promise<readonly Tool[]> {
    try {
      const tools = (await this.#serverOf(name).toolsForTurn(signal, isNeeded)) ?? [];
      return tools.filter(({ problem }) => problem === null).map((tool) => this.#asTool(name, tool));
    } catch (error) {
      // The bundle cannot be loaded, so the turn continues without these tools.
      this.#options.logger.error({ server: name, err: error }, 'failed to read the tools of an MCP server');
      return [];
    }
  }

  #asTool(server: string, { name, fullName, title, description, inputSchema, isReadOnly, isRepeatable }: McpToolDocument): Tool {
    return {
      definition: { name: fullName, description: description || (title ?? name), inputSchema },
      hasEffects: !isReadOnly,
      isRepeatable,
      isBuiltIn: false,
      run: async (input, { signal }) => {
        if (!isFields(input)) throw new ToolError('the input must be an object');
        const { text, isError, images } = await this.call(server, { tool: name, input, signal }).catch((error: unknown) => {
          throw error instanceof GatewayError ? new ToolError(error.message) : error;
        });
        if (isError) throw new ToolError(text);
        return images.length === 0 ? text : { text, pictures: images.map(({ data }) => data) };
      },
    };
  }
}
