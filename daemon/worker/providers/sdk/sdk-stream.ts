/** Makes the model calls of turns as stateless calls, and translates their events. Part of the vendor bundle. */
import type { LanguageModel } from 'ai';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import { definedFields } from '../../../../shared/fields.js';
import type {
  AnswerStep,
  CompletionAnswerPart,
  CompletionEvent,
  CompletionMessage,
  CompletionRequest,
  CompletionToolCall,
} from '../completion.js';
import type { ModelMessage, ModelRequest, ProviderEvent, ToolCall, ToolCallMessage } from '../provider.js';
import { readToolInput, toImage, toResult, toTool } from '../tool-calls.js';
import { CallNotes } from './call-notes.js';
import type { SdkMessage } from './sdk-call.js';
import { completeWithModel } from './sdk-completion.js';
import { WithoutThoughts } from './stream-text.js';
import { VendorStep } from './vendor-step.js';

/** Reads a step that an earlier build may have stored in the SDK's form, because turns wait for decisions. */
function readStored(stored: AnswerStep | Extract<SdkMessage, { role: 'assistant' }>): AnswerStep {
  if ('parts' in stored) return stored;
  const parts = stored.content.flatMap((part): CompletionAnswerPart[] => {
    const vendor = definedFields({ vendor: part.providerOptions });
    if (part.type === 'text' || part.type === 'reasoning') return [{ type: part.type, text: part.text, ...vendor }];
    if (part.type !== 'tool-call') return [];
    return [{ type: 'toolCall', id: part.toolCallId, name: part.toolName, arguments: JSON.stringify(part.input), ...vendor }];
  });
  return { parts, ...definedFields({ vendor: stored.providerOptions }) };
}

/** Returns a step with the data that its vendor requires back (signatures of its reasoning); other models cannot read it. */
function stepOf({ content: text, calls, ref, vendor }: ToolCallMessage, modelRef: string | undefined): CompletionMessage {
  const made = calls.map(({ id, name, input }) => ({ type: 'toolCall' as const, id, name, arguments: JSON.stringify(input) }));
  if (vendor === undefined || ref !== modelRef) return { role: 'assistant', content: [{ type: 'text', text }, ...made] };
  const { parts, ...whole } = readStored(vendor as AnswerStep);
  // Arguments that could not be read are not sent back.
  const content = parts.map((part) => (part.type === 'toolCall' ? { ...part, ...made.find(({ id }) => id === part.id) } : part));
  return { role: 'assistant', content, ...whole };
}

function toMessages(message: ModelMessage, ref: string | undefined): CompletionMessage[] {
  switch (message.role) {
    case 'toolCalls':
      return [stepOf(message, ref)];
    case 'toolResults':
      return message.results.map(toResult);
    case 'user':
      return [{ role: 'user', content: [{ type: 'text', text: message.content }, ...(message.images ?? []).map(toImage)] }];
    case 'assistant':
      return [{ role: 'assistant', content: [{ type: 'text', text: message.content }] }];
  }
}

function toCompletion({ system, messages, ref, modelId, tools = [], isLastStep, maxTokens }: ModelRequest): CompletionRequest {
  const first: CompletionMessage[] = system === undefined ? [] : [{ role: 'system', content: system }];
  return {
    modelId,
    messages: [...first, ...messages.flatMap((message) => toMessages(message, ref))],
    tools: tools.map(toTool),
    toolChoice: isLastStep === true ? 'none' : 'auto',
    ...definedFields({ modelMaxTokens: maxTokens }),
  };
}

function toCall({ id, name, arguments: text }: CompletionToolCall, known: ReadonlySet<string>): ToolCall {
  return { id, name, ...(known.has(name) ? readToolInput(text) : { input: {}, problem: `there is no tool '${name}'` }) };
}

function withoutWords({ reason }: Extract<CompletionEvent, { type: 'finish' }>): ProviderEvent {
  const isFiltered = reason === 'content_filter';
  const detail = reason === 'length' ? 'the token limit was reached before the answer began' : '';
  return { type: 'failed', failure: { kind: isFiltered ? 'filtered' : 'empty', status: null, detail, retryAfterMs: null } };
}

/** Calls the model and yields the events of its answer. Never throws. */
export async function* streamModel(
  model: LanguageModel,
  request: ModelRequest,
  { api, signal }: { api: ApiKind; signal: AbortSignal },
): AsyncGenerator<ProviderEvent> {
  const known = new Set(request.tools?.map(({ name }) => name));
  const words = new WithoutThoughts();
  const step = new VendorStep();
  let hasText = false;
  let called = 0;
  // A turn keeps the vendor's data itself.
  const how = { api, signal, notes: new CallNotes(), step };
  for await (const event of completeWithModel(model, toCompletion(request), how)) {
    for (const call of step.calls.slice(called)) yield { type: 'toolCall', call: toCall(call, known) };
    called = step.calls.length;
    if (event.type === 'failed' || event.type === 'aborted') return yield event;
    const text = event.type === 'text' ? words.push(event.text) : event.type === 'finish' ? words.end() : '';
    hasText ||= text !== '';
    if (text !== '') yield { type: 'delta', text };
    if (event.type === 'finish') {
      if (!hasText && called === 0) return yield withoutWords(event);
      const { step: vendor, vendor: _reason, ...end } = event;
      return yield { ...end, ...definedFields({ vendor }) };
    }
    if (text === '') yield { type: 'alive' };
  }
}
