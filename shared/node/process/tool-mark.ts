/** Variable in the environment of every MCP server. */
export const TOOL_SERVER_MARK = { name: 'XOPC_TOOL_SERVER', value: '1' } as const;
