/** Runs one stateless call of the AI SDK. Part of the bundle that speaks to vendors. */
import type { LanguageModel } from 'ai';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import type { CompletionEvent, CompletionMessage, CompletionPart, CompletionRequest, CompletionUsage } from '../completion.js';
import {
  SdkCall,
  type SdkCallOptions,
  type SdkFinish,
  type SdkMessage,
  type SdkModel,
  type SdkStreamPart,
  tokenCount,
} from './sdk-call.js';
import { WholeCharacters } from './stream-text.js';

type UserPart = Extract<SdkMessage, { role: 'user' }>['content'][number];

const MAX_NOTES = 1_000;
const MAX_NOTE_CHARACTERS = 65_536;

/**
 * Keeps vendor data that must return with a tool call and that callers of chat completions cannot carry: Google's signature of
 * the reasoning before it. After a restart it is missing, and the model only loses that reasoning.
 */
export class CallNotes {
  readonly #notes = new Map<string, NonNullable<SdkCallOptions['providerOptions']>>();

  keep(callId: string, metadata: SdkCallOptions['providerOptions']): void {
    if (metadata?.['google'] === undefined || JSON.stringify(metadata).length > MAX_NOTE_CHARACTERS) return;
    this.#notes.set(callId, metadata);
    for (const oldest of this.#notes.keys()) {
      if (this.#notes.size <= MAX_NOTES) break;
      this.#notes.delete(oldest);
    }
  }

  of(callId: string): Pick<SdkCallOptions, 'providerOptions'> {
    const providerOptions = this.#notes.get(callId);
    return providerOptions === undefined ? {} : { providerOptions };
  }
}

function toPart(part: CompletionPart): UserPart {
  if (part.type === 'text') return part;
  const [, mediaType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(part.url) ?? [];
  if (data === undefined) return { type: 'file', mediaType: 'image/*', data: new URL(part.url) };
  return { type: 'file', mediaType: mediaType ?? 'image/*', data };
}

function parseInput(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return text; // invalid input of a model goes back unchanged
  }
}

function toPrompt(message: CompletionMessage, notes: CallNotes): SdkMessage {
  switch (message.role) {
    case 'system':
      return message;
    case 'user':
      return { role: 'user', content: message.content.map(toPart) };
    case 'assistant': {
      const text = message.content === '' ? [] : [{ type: 'text' as const, text: message.content }];
      const calls = message.toolCalls.map(({ id, name, arguments: input }) => ({
        type: 'tool-call' as const,
        toolCallId: id,
        toolName: name,
        input: parseInput(input),
        ...notes.of(id),
      }));
      return { role: 'assistant', content: [...text, ...calls] };
    }
    case 'tool': {
      const { callId: toolCallId, name: toolName, content: value } = message;
      return { role: 'tool', content: [{ type: 'tool-result', toolCallId, toolName, output: { type: 'text', value } }] };
    }
  }
}

function toToolChoice(choice: CompletionRequest['toolChoice']): NonNullable<SdkCallOptions['toolChoice']> {
  return typeof choice === 'object' ? { type: 'tool', toolName: choice.name } : { type: choice ?? 'auto' };
}

type VendorOptions = Pick<SdkCallOptions, 'providerOptions'>;

/** Returns the caller's fields that are specific to a vendor. */
function toVendorOptions({ extra = {} }: CompletionRequest, target: Target): VendorOptions {
  if (target.api === 'openai-completions') return { providerOptions: { [target.name]: { ...extra } as Fields } };
  if (target.api !== 'openai-responses') return {};
  const { reasoning_effort: reasoningEffort, parallel_tool_calls: parallelToolCalls, user } = extra;
  const known = Object.entries({ reasoningEffort, parallelToolCalls, user }).filter(([, value]) => value !== undefined);
  // Conversations are the caller's, not the vendor's.
  return { providerOptions: { openai: { ...(Object.fromEntries(known) as Fields), store: false } } };
}

type Fields = NonNullable<SdkCallOptions['providerOptions']>[string];

interface Target {
  readonly api: ApiKind;
  /** Under which the SDK looks for options of this provider. */
  readonly name: string;
  readonly notes: CallNotes;
}

function limitOf({ extra = {}, maxOutputTokens, modelMaxTokens }: CompletionRequest, { api }: Target): number | undefined {
  // The caller's own field stays, because newer models require that name.
  if (api === 'openai-completions' && 'max_completion_tokens' in extra) return undefined;
  return maxOutputTokens ?? (api === 'anthropic-messages' ? modelMaxTokens : undefined);
}

function toOptions(request: CompletionRequest, target: Target): SdkCallOptions {
  const { modelId: _modelId, extra: _extra, modelMaxTokens: _max, maxOutputTokens: _limit, ...rest } = request;
  const { messages, tools, toolChoice, stop, responseFormat, ...sampling } = rest;
  const maxOutputTokens = limitOf(request, target);
  return {
    prompt: messages.map((message) => toPrompt(message, target.notes)),
    ...sampling,
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(stop === undefined ? {} : { stopSequences: [...stop] }),
    ...(responseFormat === undefined ? {} : { responseFormat }),
    // Providers refuse an empty list.
    ...(tools === undefined || tools.length === 0
      ? {}
      : {
          tools: tools.map(({ parameters, ...tool }) => ({ type: 'function', ...tool, inputSchema: parameters })),
          toolChoice: toToolChoice(toolChoice),
        }),
    ...toVendorOptions(request, target),
  };
}

function toUsage({ inputTokens, outputTokens }: SdkFinish['usage']): CompletionUsage {
  return {
    inputTokens: tokenCount(inputTokens.total),
    outputTokens: tokenCount(outputTokens.total),
    cachedTokens: tokenCount(inputTokens.cacheRead),
    reasoningTokens: tokenCount(outputTokens.reasoning),
  };
}

const REASONS = { stop: 'stop', length: 'length', 'tool-calls': 'tool_calls', 'content-filter': 'content_filter', other: 'stop' } as const;

/** Turns the parts of one call into events. */
class CompletionReader {
  readonly #indices = new Map<string, number>();
  readonly #withArguments = new Set<string>();
  readonly #notes: CallNotes;
  readonly #text = new WholeCharacters();
  readonly #reasoning = new WholeCharacters();

  constructor(notes: CallNotes) {
    this.#notes = notes;
  }

  get hasToolCalls(): boolean {
    return this.#indices.size > 0;
  }

  *read(part: SdkStreamPart): Generator<CompletionEvent> {
    switch (part.type) {
      case 'text-delta':
        return yield* this.#say('text', this.#text.push(part.delta));
      case 'text-end':
        return yield* this.#say('text', this.#text.end());
      case 'reasoning-delta':
        return yield* this.#say('reasoning', this.#reasoning.push(part.delta));
      case 'reasoning-end':
        return yield* this.#say('reasoning', this.#reasoning.end());
      case 'tool-input-start':
        return yield* this.#start(part.id, part.toolName);
      case 'tool-input-delta':
        return yield* this.#arguments(part.id, part.delta);
      case 'tool-call':
        this.#notes.keep(part.toolCallId, part.providerMetadata);
        yield* this.#start(part.toolCallId, part.toolName);
        if (!this.#withArguments.has(part.toolCallId)) yield* this.#arguments(part.toolCallId, part.input);
        return;
      default: // starts and ends of the parts above, and other parts that are not used
    }
  }

  *#say(type: 'text' | 'reasoning', text: string): Generator<CompletionEvent> {
    if (text !== '') yield { type, text };
  }

  *#start(id: string, name: string): Generator<CompletionEvent> {
    if (this.#indices.has(id)) return;
    this.#indices.set(id, this.#indices.size);
    yield { type: 'toolStart', index: this.#indices.size - 1, id, name };
  }

  *#arguments(id: string, text: string): Generator<CompletionEvent> {
    const index = this.#indices.get(id);
    if (index === undefined || text === '') return;
    this.#withArguments.add(id);
    yield { type: 'toolArguments', index, text };
  }
}

/** Makes one stateless call and yields the events of its answer. Never throws. */
export async function* completeWithModel(
  model: LanguageModel,
  request: CompletionRequest,
  { api, notes, signal }: { api: ApiKind; notes: CallNotes; signal: AbortSignal },
): AsyncGenerator<CompletionEvent> {
  const call = new SdkCall(model, signal);
  const reader = new CompletionReader(notes);
  const target = { api, notes, name: (model as SdkModel).provider.split('.')[0] ?? '' };
  for await (const part of call.parts(() => toOptions(request, target))) yield* reader.read(part);
  const end = call.end();
  if (end.type !== 'finished') return yield end;
  // Some servers end a step that calls tools as if it were the answer; callers go by the reason.
  const reason = end.reason === 'stop' && reader.hasToolCalls ? 'tool_calls' : REASONS[end.reason];
  yield { type: 'finish', reason, usage: toUsage(end.usage) };
}
