/** Converts a request into the terms of the AI SDK's models. Part of the bundle that speaks to vendors. */
import type { ChatMessage, ModelMessage, ToolCallMessage, ToolDefinition } from '../provider.js';
import type { SdkCallOptions, SdkMessage } from './sdk-call.js';

type AssistantMessage = Extract<SdkMessage, { role: 'assistant' }>;

function stepOf(message: ToolCallMessage, ref: string | undefined): AssistantMessage {
  // What a vendor adds to its own steps (signatures of its reasoning) it wants back; another one could not read it.
  if (message.vendor !== undefined && message.ref === ref) return message.vendor as AssistantMessage;
  const said = message.content === '' ? [] : [{ type: 'text' as const, text: message.content }];
  const calls = message.calls.map(({ id, name, input }) => ({ type: 'tool-call' as const, toolCallId: id, toolName: name, input }));
  return { role: 'assistant', content: [...said, ...calls] };
}

function userMessage({ content, images = [] }: ChatMessage): SdkMessage {
  const pictures = images.map(({ mediaType, bytes }) => ({ type: 'file' as const, data: bytes, mediaType }));
  return { role: 'user', content: [{ type: 'text', text: content }, ...pictures] };
}

function toSdk(message: ModelMessage, ref: string | undefined): SdkMessage {
  switch (message.role) {
    case 'toolCalls':
      return stepOf(message, ref);
    case 'toolResults': {
      const content = message.results.map(({ callId, name, output, isError }) => ({
        type: 'tool-result' as const,
        toolCallId: callId,
        toolName: name,
        output: { type: isError ? ('error-text' as const) : ('text' as const), value: output },
      }));
      return { role: 'tool', content };
    }
    case 'user':
      return userMessage(message);
    case 'assistant':
      return { role: 'assistant', content: [{ type: 'text', text: message.content }] };
  }
}

/** @param ref  the model that is asked */
export function toSdkPrompt(
  { system, messages }: { readonly system?: string | undefined; readonly messages: readonly ModelMessage[] },
  ref: string | undefined,
): SdkMessage[] {
  const first: SdkMessage[] = system === undefined ? [] : [{ role: 'system', content: system }];
  return [...first, ...messages.map((message) => toSdk(message, ref))];
}

/** Returns tools without a function to run: the agent runs them. */
export function toSdkTools(tools: readonly ToolDefinition[]): NonNullable<SdkCallOptions['tools']> {
  return tools.map(({ name, description, inputSchema }) => ({ type: 'function', name, description, inputSchema: { ...inputSchema } }));
}
