/** The service of MCP servers: one server, one tool. */
import type { McpService } from '../../daemon/worker/tools/mcp/mcp-servers.js';
import { GatewayError } from '../../shared/errors.js';

export function fakeMcpService(calls: { name: string; input: unknown }[]): McpService {
  const note = <Result>(name: string, input: unknown, result: Result): Result => {
    calls.push({ name, input });
    return result;
  };
  const since = '2026-01-31T08:00:00.000Z';
  const mustExist = (name: string): void => {
    if (name !== 'files') throw new GatewayError('NOT_FOUND', { message: `there is no MCP server '${name}'` });
  };
  return {
    list: () =>
      note('mcp.list', undefined, [
        { name: 'files', transport: 'stdio', target: 'npx', state: 'running', error: null, tools: 1, pid: 4_711, since },
      ]),
    async tools(name) {
      mustExist(name);
      const inputSchema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
      const own = { name: 'read_file', fullName: 'files__read_file', title: 'Read file', description: 'Reads a file.', inputSchema };
      return note('mcp.tools', name, [{ ...own, isReadOnly: true, isRepeatable: true, problem: null }]);
    },
    async probe(name) {
      mustExist(name);
      return note('mcp.probe', name, {
        ok: true,
        error: null,
        durationMs: 480,
        server: { name: 'files', version: '1.0.0' },
        version: '2025-11-25',
        tools: 1,
      });
    },
    async call(name, { tool, input }) {
      mustExist(name);
      return note('mcp.call', { name, tool, input }, { text: 'buy milk', isError: false, durationMs: 12, images: [] });
    },
  };
}
