/** Converts a request to the AI SDK's form. Part of the vendor bundle. */
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import type { Fields } from '../../../../shared/fields.js';
import type { ChatImage, ChatMessage, ModelMessage, ToolCallMessage, ToolDefinition, ToolResult, ToolResultMessage } from '../provider.js';
import { filesLine, hasPicturesInResults } from './completion-prompt.js';
import type { SdkCallOptions, SdkMessage } from './sdk-call.js';

type AssistantMessage = Extract<SdkMessage, { role: 'assistant' }>;

function stepOf(message: ToolCallMessage, ref: string | undefined): AssistantMessage {
  // Data that a vendor adds to its own steps (signatures of its reasoning) and requires back; other vendors cannot read it.
  if (message.vendor !== undefined && message.ref === ref) return message.vendor as AssistantMessage;
  const said = message.content === '' ? [] : [{ type: 'text' as const, text: message.content }];
  const calls = message.calls.map(({ id, name, input }) => ({ type: 'tool-call' as const, toolCallId: id, toolName: name, input }));
  return { role: 'assistant', content: [...said, ...calls] };
}

const toPicture = ({ mediaType, bytes: data }: ChatImage) => ({ type: 'file' as const, data, mediaType });

function userMessage({ content, images = [] }: ChatMessage): SdkMessage {
  return { role: 'user', content: [{ type: 'text', text: content }, ...images.map(toPicture)] };
}

/** The target of a prompt: the API, and the model as `provider/model`. */
interface PromptTarget {
  readonly api: ApiKind;
  readonly ref: string | undefined;
}

type ToolOutput = Extract<Extract<SdkMessage, { role: 'tool' }>['content'][number], { type: 'tool-result' }>['output'];

function outputOf({ output: value, isError, images = [] }: ToolResult, api: ApiKind): ToolOutput {
  if (isError) return { type: 'error-text', value };
  if (images.length === 0 || !hasPicturesInResults(api)) return { type: 'text', value };
  const pictures = images.map(({ mediaType, bytes }) => {
    return { type: 'image-data' as const, mediaType, data: Buffer.from(bytes).toString('base64') };
  });
  return { type: 'content', value: [{ type: 'text', text: value }, ...pictures] };
}

/** Returns the results of a step; if the API only supports text in them, their images follow in a user message. */
function resultsOf({ results }: ToolResultMessage, api: ApiKind): SdkMessage[] {
  const content = results.map((result) => {
    return { type: 'tool-result' as const, toolCallId: result.callId, toolName: result.name, output: outputOf(result, api) };
  });
  const shown = hasPicturesInResults(api) ? [] : results.filter(({ images = [] }) => images.length > 0);
  const pictures = shown.flatMap(({ name, callId, images = [] }) => [
    { type: 'text' as const, text: filesLine({ name, callId }) },
    ...images.map(toPicture),
  ]);
  return [{ role: 'tool', content }, ...(pictures.length === 0 ? [] : [{ role: 'user' as const, content: pictures }])];
}

function toSdk(message: ModelMessage, { api, ref }: PromptTarget): SdkMessage[] {
  switch (message.role) {
    case 'toolCalls':
      return [stepOf(message, ref)];
    case 'toolResults':
      return resultsOf(message, api);
    case 'user':
      return [userMessage(message)];
    case 'assistant':
      return [{ role: 'assistant', content: [{ type: 'text', text: message.content }] }];
  }
}

export function toSdkPrompt(
  { system, messages }: { readonly system?: string | undefined; readonly messages: readonly ModelMessage[] },
  target: PromptTarget,
): SdkMessage[] {
  const first: SdkMessage[] = system === undefined ? [] : [{ role: 'system', content: system }];
  return [...first, ...messages.flatMap((message) => toSdk(message, target))];
}

/** Returns the schema of a tool's input in a form that every vendor accepts: OpenAI refuses an object without `properties`. */
export function inputSchemaOf(schema: Fields): Fields {
  return schema['type'] === 'object' && schema['properties'] === undefined ? { ...schema, properties: {} } : schema;
}

/** Returns tools without a function to run: the agent runs them. */
export function toSdkTools(tools: readonly ToolDefinition[]): NonNullable<SdkCallOptions['tools']> {
  return tools.map(({ name, description, inputSchema }) => ({
    type: 'function',
    name,
    description,
    inputSchema: inputSchemaOf(inputSchema),
  }));
}
