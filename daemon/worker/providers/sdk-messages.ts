/** A request in the AI SDK's terms. Part of the bundle that speaks to vendors. */
import { jsonSchema, tool, type JSONSchema7, type ModelMessage as SdkMessage, type ToolSet } from 'ai';
import type { ModelMessage, ToolCallMessage, ToolDefinition } from './provider.js';

function stepOf(message: ToolCallMessage, ref: string | undefined): SdkMessage[] {
  // What a vendor adds to its own steps (signatures of its reasoning) it wants back; another one could not read it.
  if (message.vendor !== undefined && message.ref === ref) return message.vendor as SdkMessage[];
  const said = message.content === '' ? [] : [{ type: 'text' as const, text: message.content }];
  const calls = message.calls.map(({ id, name, input }) => ({ type: 'tool-call' as const, toolCallId: id, toolName: name, input }));
  return [{ role: 'assistant', content: [...said, ...calls] }];
}

function toSdk(message: ModelMessage, ref: string | undefined): SdkMessage[] {
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
      return [{ role: 'tool', content }];
    }
    case 'user': {
      const { content, images = [] } = message;
      if (images.length === 0) return [{ role: 'user', content }];
      const pictures = images.map(({ mediaType, bytes }) => ({ type: 'image' as const, image: bytes, mediaType }));
      return [{ role: 'user', content: [{ type: 'text', text: content }, ...pictures] }];
    }
    case 'assistant':
      return [{ role: 'assistant', content: message.content }];
  }
}

/** @param ref  the model that is asked */
export function toSdkMessages(messages: readonly ModelMessage[], ref: string | undefined): SdkMessage[] {
  return messages.flatMap((message) => toSdk(message, ref));
}

/** Tools without a function to run: running them is the agent's part. */
export function toSdkTools(tools: readonly ToolDefinition[]): ToolSet {
  const entries = tools.map(({ name, description, inputSchema }) => [
    name,
    tool({ description, inputSchema: jsonSchema(inputSchema as JSONSchema7) }),
  ]);
  return Object.fromEntries(entries) as ToolSet;
}
