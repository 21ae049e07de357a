/** Makes the model calls of turns as stateless calls, and translates their events. Part of the vendor bundle. */
import type { LanguageModel } from 'ai';
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
import { optionsOf } from './completion-prompt.js';
import type { SdkMessage } from './sdk-call.js';
import { type CallHow, completeWithModel } from './sdk-completion.js';
import { WithoutThoughts } from './stream-text.js';
import { VendorStep } from './vendor-step.js';
import { withSentIds } from './vendors/call-ids.js';

/**
 * A step as turns store it. Workers of earlier builds continue stored turns too, and give the SDK what they read, so the form must
 * stay the SDK's.
 */
type StoredStep = Extract<SdkMessage, { role: 'assistant' }>;

/** @param calls  the calls of the step: arguments that could not be read are not sent back */
function toStored({ parts, vendor }: AnswerStep, calls: readonly ToolCall[]): StoredStep {
  const inputs = calls.map(({ input }) => input).values();
  const content = parts.map((part): StoredStep['content'][number] => {
    const options = optionsOf(part.vendor);
    if (part.type !== 'toolCall') return { type: part.type, text: part.text, ...options };
    return { type: 'tool-call', toolCallId: part.id, toolName: part.name, input: inputs.next().value, ...options };
  });
  return { role: 'assistant', content, ...optionsOf(vendor) };
}

function readStored(stored: StoredStep): AnswerStep {
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
  if (vendor !== undefined && ref === modelRef) {
    const { parts: content, ...whole } = readStored(vendor as StoredStep);
    return { role: 'assistant', content, ...whole };
  }
  const made = calls.map(({ id, name, input }) => ({ type: 'toolCall' as const, id, name, arguments: JSON.stringify(input) }));
  return { role: 'assistant', content: [{ type: 'text', text }, ...made] };
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

function withoutWords({ reason }: Extract<CompletionEvent, { type: 'finish' }>, hasPicture: boolean): ProviderEvent {
  const isFiltered = reason === 'content_filter';
  const picture = hasPicture ? 'the model answered with a picture, which is not supported here' : '';
  const detail = reason === 'length' ? 'the token limit was reached before the answer began' : picture;
  return { type: 'failed', failure: { kind: isFiltered ? 'filtered' : 'empty', status: null, detail, retryAfterMs: null } };
}

/** Calls the model and yields the events of its answer. Never throws. */
export async function* streamModel(
  model: LanguageModel,
  request: ModelRequest,
  { api, signal, differences }: Pick<CallHow, 'api' | 'signal' | 'differences'>,
): AsyncGenerator<ProviderEvent> {
  const known = new Set(request.tools?.map(({ name }) => name));
  const words = new WithoutThoughts();
  const step = new VendorStep();
  const calls: ToolCall[] = [];
  let hasText = false;
  let hasPicture = false;
  // A turn keeps the vendor's data itself.
  const how = { api, signal, differences, notes: new CallNotes(), step };
  for await (const event of completeWithModel(model, withSentIds(toCompletion(request), api), how)) {
    for (const written of step.calls.slice(calls.length)) {
      const call = toCall(written, known);
      calls.push(call);
      yield { type: 'toolCall', call };
    }
    if (event.type === 'failed' || event.type === 'aborted') return yield event;
    const text = event.type === 'text' ? words.push(event.text) : event.type === 'finish' ? words.end() : '';
    hasText ||= text !== '';
    hasPicture ||= event.type === 'image';
    if (text !== '') yield { type: 'delta', text };
    if (event.type === 'finish') {
      if (!hasText && calls.length === 0) return yield withoutWords(event, hasPicture);
      const { step: whole, vendor: _reason, ...end } = event;
      return yield { ...end, ...definedFields({ vendor: whole && toStored(whole, calls) }) };
    }
    if (text === '') yield { type: 'alive' };
  }
}
