/** The tools that the gateway itself has. */
export const TOOL_NAMES = ['time', 'fetch', 'send', 'schedule'] as const;
export type ToolName = (typeof TOOL_NAMES)[number];
