import { Command, Option } from 'clipanion';
import type { McpCallResult, McpServerDocument, McpTestResult } from '../../../shared/api/tools/mcp.js';
import { GatewayError } from '../../../shared/errors.js';
import { definedFields } from '../../../shared/fields.js';
import { inexactNumber } from '../../../shared/node/exact-json.js';
import { BaseCommand } from '../../cli/base-command.js';
import { readInput } from '../../cli/read-input.js';
import { usage } from '../../cli/usage.js';

export class McpTestCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'MCP servers',
    description: 'Test whether an MCP server answers.',
    details: 'It starts the server, also during the pause after a failure.',
    examples: [['One of them', 'xopc mcp test weather']],
  });

  readonly server = Option.String({ name: 'server' });

  protected async run(): Promise<number> {
    const path = `/api/mcp/${encodeURIComponent(this.server)}/test`;
    const result = await this.request<McpTestResult>({ method: 'POST', path });
    const { ok, error, durationMs, server, version, tools } = result;
    if (!ok) {
      const message = `the test of the MCP server '${this.server}' failed: ${error ?? ''}`;
      throw new GatewayError('UNAVAILABLE', { message, ...definedFields({ hint: await this.#hint() }) });
    }
    const named = server === null ? '' : `${server.name} ${server.version}, `;
    return this.printResult(result, `✅ ${this.server} answers in ${durationMs} ms: ${named}${tools ?? 0} tools, MCP ${version ?? ''}`);
  }

  /** Points to the gateway's log, which has the output of a program; a server at a URL has its log elsewhere. */
  async #hint(): Promise<string | undefined> {
    const { servers } = await this.request<{ servers: McpServerDocument[] }>({ method: 'GET', path: '/api/mcp' });
    const isProgram = servers.some(({ name, transport }) => name === this.server && transport === 'stdio');
    return isProgram ? 'See its log with: xopc gateway logs --grep module:mcp' : undefined;
  }
}

export class McpCallCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'MCP servers',
    description: 'Call a tool of an MCP server, without an agent.',
    details: 'The arguments are a JSON object; `-` reads it from standard input. The exit code is 1 if the tool reports an error.',
    examples: [['A tool with arguments', `xopc mcp call weather forecast '{"city": "Berlin"}'`]],
  });

  readonly server = Option.String({ name: 'server' });
  readonly tool = Option.String({ name: 'tool' });
  readonly input = Option.String({ name: 'arguments', required: false });

  protected async run(): Promise<number> {
    const path = `/api/mcp/${encodeURIComponent(this.server)}/tools/${encodeURIComponent(this.tool)}/call`;
    const body = { arguments: await this.#readArguments() };
    const { result } = await this.request<{ result: McpCallResult }>({ method: 'POST', path, body });
    await this.printForeignResult(result, result.text);
    return result.isError ? 1 : 0;
  }

  /** @throws USAGE; INVALID_REQUEST for a number that would be rounded */
  async #readArguments(): Promise<unknown> {
    if (this.input === undefined) return {};
    const text = this.input === '-' ? await readInput(this.context.stdin) : this.input;
    const problem = inexactNumber(text);
    if (problem !== undefined) throw new GatewayError('INVALID_REQUEST', { message: `the arguments cannot be read: ${problem}` });
    try {
      return JSON.parse(text);
    } catch (error) {
      throw usage(`the arguments are not valid JSON: ${(error as Error).message}`, `Give an object, such as '{"city": "Berlin"}'.`);
    }
  }
}
