import { Command, Option } from 'clipanion';
import type { McpServerDocument, McpToolDocument } from '../../../shared/api/tools/mcp.js';
import { plainLine } from '../../../shared/text/plain-line.js';
import { ListCommand } from '../../cli/list-command.js';

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

export class McpListCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'MCP servers',
    description: 'List the MCP servers and their states.',
    details: 'It starts none of them. The number of tools is known once a server has reported them.',
    examples: [['All of them', 'xopc mcp list']],
  });

  protected async run(): Promise<number> {
    const { servers } = await this.request<{ servers: McpServerDocument[] }>({ method: 'GET', path: '/api/mcp' });
    return this.printTable(
      { servers },
      {
        columns: { NAME: Infinity, STATE: Infinity, TOOLS: Infinity, SERVER: 60, PID: Infinity, ERROR: 100 },
        rows: servers.map(({ name, state, tools, target, pid, error }) => {
          return [name, state, tools === null ? '' : String(tools), target, pid === null ? '' : String(pid), error ?? ''];
        }),
        none: 'There are no MCP servers. Add one with: xopc mcp add NAME -- PROGRAM …',
      },
    );
  }
}

export class McpToolsCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'MCP servers',
    description: 'List the tools of an MCP server.',
    details: 'It starts the server. `--json` adds the input schemas of the tools.',
    examples: [['Those of one server', 'xopc mcp tools weather']],
  });

  readonly server = Option.String({ name: 'server' });

  protected async run(): Promise<number> {
    const path = `/api/mcp/${encodeURIComponent(this.server)}/tools`;
    const { tools } = await this.request<{ tools: McpToolDocument[] }>({ method: 'GET', path });
    return this.printTable(
      { tools },
      {
        columns: { NAME: Infinity, 'READ-ONLY': Infinity, DESCRIPTION: 80, 'LEFT OUT': 80 },
        rows: tools.map(({ name, isReadOnly, title, description, problem }) => {
          return [name, yesNo(isReadOnly), plainLine(description || (title ?? '')), problem ?? ''];
        }),
        none: 'The server has no tools.',
      },
    );
  }
}
