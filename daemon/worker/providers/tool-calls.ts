/** Reads tool calls as models wrote them, and writes tools and their results in the form of a stateless call. */
import { inexactNumber } from '../../../shared/node/exact-json.js';
import { isTooDeep, TOO_DEEP } from '../../../shared/node/json-guard.js';
import { cutText } from '../../../shared/text/one-line.js';
import type { CompletionMessage, CompletionPart, CompletionTool } from './completion.js';
import type { ChatImage, ToolCall, ToolDefinition, ToolResult } from './provider.js';

const MAX_SHOWN = 200;

/** Reads the input of a call. The person who approves the call and the tool both get exactly this input; otherwise it has a problem. */
export function readToolInput(text: string): Pick<ToolCall, 'input' | 'problem'> {
  if (text.trim() === '') return { input: {} };
  const refuse = (problem: string) => ({ input: {}, problem });
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    return refuse(`it is not JSON: ${cutText(text, MAX_SHOWN)}`);
  }
  if (isTooDeep(input)) return refuse(`it ${TOO_DEEP}`);
  const problem = inexactNumber(text);
  return problem === undefined ? { input } : refuse(problem);
}

export const toTool = ({ name, description, inputSchema }: ToolDefinition): CompletionTool => ({
  name,
  description,
  parameters: inputSchema,
});

export const toImage = ({ mediaType, bytes }: ChatImage): CompletionPart => ({
  type: 'image',
  url: `data:${mediaType};base64,${Buffer.from(bytes).toString('base64')}`,
});

export const toResult = ({ callId, name, output, isError, images = [] }: ToolResult): CompletionMessage => ({
  role: 'tool',
  callId,
  name,
  content: [{ type: 'text', text: output }, ...images.map(toImage)],
  isError,
});
