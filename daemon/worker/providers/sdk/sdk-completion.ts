/** Runs one stateless call of the AI SDK. Part of the bundle that speaks to vendors. */
import type { LanguageModel } from 'ai';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import type { CompletionEvent, CompletionMessage, CompletionPart, CompletionRequest, CompletionUsage } from '../completion.js';
import { toFailure } from './sdk-failure.js';
import { tokenCount, WholeCharacters } from './stream-text.js';

/** The model itself: without the layer that runs tools, downloads files and tries again. */
type Model = Extract<LanguageModel, { specificationVersion: 'v3' }>;
type CallOptions = Parameters<Model['doStream']>[0];
type PromptMessage = CallOptions['prompt'][number];
type UserPart = Extract<PromptMessage, { role: 'user' }>['content'][number];
type StreamPart = Awaited<ReturnType<Model['doStream']>>['stream'] extends ReadableStream<infer Part> ? Part : never;
type Finish = Extract<StreamPart, { type: 'finish' }>;

const MAX_NOTES = 1_000;
const MAX_NOTE_CHARACTERS = 65_536;

/**
 * What a vendor wants back with a call of a tool, and no caller of a chat-completions API knows of: Google's signature of
 * the thoughts before it. One that is not known any more, as after a restart, costs the model those thoughts, no more.
 */
export class CallNotes {
  readonly #notes = new Map<string, NonNullable<CallOptions['providerOptions']>>();

  keep(callId: string, metadata: CallOptions['providerOptions']): void {
    if (metadata?.['google'] === undefined || JSON.stringify(metadata).length > MAX_NOTE_CHARACTERS) return;
    this.#notes.set(callId, metadata);
    for (const oldest of this.#notes.keys()) {
      if (this.#notes.size <= MAX_NOTES) break;
      this.#notes.delete(oldest);
    }
  }

  of(callId: string): Pick<CallOptions, 'providerOptions'> {
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
    return text; // what a model wrote before goes back as it is
  }
}

function toPrompt(message: CompletionMessage, notes: CallNotes): PromptMessage {
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

function toToolChoice(choice: CompletionRequest['toolChoice']): NonNullable<CallOptions['toolChoice']> {
  return typeof choice === 'object' ? { type: 'tool', toolName: choice.name } : { type: choice ?? 'auto' };
}

type VendorOptions = Pick<CallOptions, 'providerOptions'>;

/** What the caller wrote beyond what every vendor knows. */
function toVendorOptions({ extra = {} }: CompletionRequest, target: Target): VendorOptions {
  if (target.api === 'openai-completions') return { providerOptions: { [target.name]: { ...extra } as Fields } };
  if (target.api !== 'openai-responses') return {};
  const { reasoning_effort: reasoningEffort, parallel_tool_calls: parallelToolCalls, user } = extra;
  const known = Object.entries({ reasoningEffort, parallelToolCalls, user }).filter(([, value]) => value !== undefined);
  // Conversations are the caller's, not the vendor's.
  return { providerOptions: { openai: { ...(Object.fromEntries(known) as Fields), store: false } } };
}

type Fields = NonNullable<CallOptions['providerOptions']>[string];

interface Target {
  readonly api: ApiKind;
  /** Under which the SDK looks for options of this provider. */
  readonly name: string;
  readonly notes: CallNotes;
}

function limitOf({ extra = {}, maxOutputTokens, modelMaxTokens }: CompletionRequest, { api }: Target): number | undefined {
  // Under the name that the caller chose, which newer models insist on.
  if (api === 'openai-completions' && 'max_completion_tokens' in extra) return undefined;
  return maxOutputTokens ?? (api === 'anthropic-messages' ? modelMaxTokens : undefined);
}

function toOptions(request: CompletionRequest, target: Target): CallOptions {
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

function toUsage({ inputTokens, outputTokens }: Finish['usage']): CompletionUsage {
  return {
    inputTokens: tokenCount(inputTokens.total),
    outputTokens: tokenCount(outputTokens.total),
    cachedTokens: tokenCount(inputTokens.cacheRead),
    reasoningTokens: tokenCount(outputTokens.reasoning),
  };
}

const REASONS = { stop: 'stop', length: 'length', 'tool-calls': 'tool_calls', 'content-filter': 'content_filter', other: 'stop' } as const;

/** What the parts of one call come to. */
class Call {
  readonly #indices = new Map<string, number>();
  readonly #withArguments = new Set<string>();
  readonly #notes: CallNotes;
  readonly #text = new WholeCharacters();
  readonly #reasoning = new WholeCharacters();
  #error: { readonly cause: unknown } | undefined;
  #finish: Finish | undefined;

  constructor(notes: CallNotes) {
    this.#notes = notes;
  }

  /** The first error is the cause; what follows are its consequences. */
  noteError(cause: unknown): void {
    this.#error ??= { cause };
  }

  *read(part: StreamPart): Generator<CompletionEvent> {
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
      case 'error':
        this.noteError(part.error);
        return;
      case 'finish':
        this.#finish = part;
        return;
      default: // beginnings and ends of what is told above, and what no caller asked for
    }
  }

  /** One error anywhere means failure, whatever the finish reason claims; so does an end that the vendor never announced. */
  lastEvent(signal: AbortSignal): CompletionEvent {
    if (signal.aborted) return { type: 'aborted' };
    if (this.#error !== undefined) return { type: 'failed', failure: toFailure(this.#error.cause) };
    const { unified, raw } = this.#finish?.finishReason ?? { unified: 'error', raw: undefined };
    if (this.#finish === undefined || unified === 'error' || (unified === 'other' && raw === undefined)) {
      return { type: 'failed', failure: { kind: 'cut', status: null, detail: '', retryAfterMs: null } };
    }
    // Some servers end a step that calls tools as if it were the answer; callers go by the reason.
    const reason = unified === 'stop' && this.#indices.size > 0 ? 'tool_calls' : REASONS[unified];
    return { type: 'finish', reason, usage: toUsage(this.#finish.usage) };
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

export async function* completeWithModel(
  model: LanguageModel,
  request: CompletionRequest,
  { api, notes, signal }: { api: ApiKind; notes: CallNotes; signal: AbortSignal },
): AsyncGenerator<CompletionEvent> {
  const call = new Call(notes);
  // The SDK takes an abort for one only with its own kind of reason; a caller's reason would look like a failure.
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  let isOver = false;
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const sdkModel = model as Model;
    const target = { api, notes, name: sdkModel.provider.split('.')[0] ?? '' };
    const { stream } = await sdkModel.doStream({ ...toOptions(request, target), abortSignal: controller.signal });
    for await (const part of stream as AsyncIterable<StreamPart> & typeof stream) yield* call.read(part);
    isOver = true;
  } catch (error) {
    call.noteError(error);
  } finally {
    signal.removeEventListener('abort', abort);
    // A reader that stops early ends the call too. Of one that has ended there is nothing to end, and an abort costs a stack.
    if (!isOver) controller.abort();
  }
  yield call.lastEvent(signal);
}
