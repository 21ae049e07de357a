/** Runs one model call of the AI SDK as the provider port's stream of events. Part of the bundle that speaks to vendors. */
import type { LanguageModel } from 'ai';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import type { ModelRequest, ProviderEvent, ProviderFailure, TokenUsage, ToolCall } from '../provider.js';
import { toFailure } from './sdk-failure.js';
import { type SdkCallOptions, type SdkModel, type SdkStreamPart, toSdkPrompt, toSdkTools } from './sdk-messages.js';
import { tokenCount, WholeCharacters, WithoutThoughts } from './stream-text.js';
import { VendorStep } from './vendor-step.js';

type Finish = Extract<SdkStreamPart, { type: 'finish' }>;

const failed = (failure: ProviderFailure): ProviderEvent => ({ type: 'failed', failure });

function toUsage({ inputTokens, outputTokens }: Finish['usage']): TokenUsage {
  const { cacheRead, cacheWrite } = inputTokens;
  return {
    inputTokens: tokenCount(inputTokens.total),
    outputTokens: tokenCount(outputTokens.total),
    ...(cacheRead === undefined || cacheRead === 0 ? {} : { cacheReadTokens: tokenCount(cacheRead) }),
    ...(cacheWrite === undefined || cacheWrite === 0 ? {} : { cacheWriteTokens: tokenCount(cacheWrite) }),
  };
}

function withoutWords(reason: Finish['finishReason']['unified']): ProviderEvent {
  const isFiltered = reason === 'content-filter';
  const detail = reason === 'length' ? 'the limit of tokens was reached before the answer began' : '';
  return failed({ kind: isFiltered ? 'filtered' : 'empty', status: null, detail, retryAfterMs: null });
}

/** What the parts of one call came to. */
class CallResult {
  #error: unknown;
  #hasError = false;
  #hasContent = false;
  #finish: Finish | undefined;

  /** The first error is the cause; what follows are its consequences. */
  noteError(error: unknown): void {
    if (!this.#hasError) this.#error = error;
    this.#hasError = true;
  }

  noteContent(): void {
    this.#hasContent = true;
  }

  noteFinish(finish: Finish): void {
    this.#finish = finish;
  }

  /** The last event. One error anywhere means failure, whatever the finish reason claims; so does an end that the vendor never announced. */
  lastEvent(signal: AbortSignal, vendor: unknown): ProviderEvent {
    if (signal.aborted) return { type: 'aborted' };
    if (this.#hasError) return failed(toFailure(this.#error));
    const { unified, raw } = this.#finish?.finishReason ?? { unified: 'error', raw: undefined };
    if (this.#finish === undefined || unified === 'error' || (unified === 'other' && raw === undefined))
      return failed({ kind: 'cut', status: null, detail: '', retryAfterMs: null });
    if (!this.#hasContent) return withoutWords(unified);
    return { type: 'finish', usage: toUsage(this.#finish.usage), ...(vendor === undefined ? {} : { vendor }) };
  }
}

function toCall(
  { toolCallId: id, toolName: name, input: text }: Extract<SdkStreamPart, { type: 'tool-call' }>,
  known: ReadonlySet<string>,
): ToolCall {
  if (!known.has(name)) return { id, name, input: {}, problem: `there is no tool '${name}'` };
  if (text.trim() === '') return { id, name, input: {} };
  try {
    return { id, name, input: JSON.parse(text) as unknown };
  } catch {
    return { id, name, input: {}, problem: `it is not JSON: ${text.slice(0, MAX_SHOWN)}` };
  }
}

const MAX_SHOWN = 200;

function optionsOf(request: ModelRequest, api: ApiKind): SdkCallOptions {
  const { system, messages, ref, tools = [], isLastStep, maxTokens } = request;
  return {
    prompt: toSdkPrompt({ system, messages }, ref),
    ...(tools.length === 0 ? {} : { tools: toSdkTools(tools), toolChoice: { type: isLastStep === true ? 'none' : 'auto' } }),
    // The only API that must be told; others take their own limit, and some refuse to be told.
    ...(api === 'anthropic-messages' && maxTokens !== undefined ? { maxOutputTokens: maxTokens } : {}),
    // Conversations are kept here, not at the vendor's.
    ...(api === 'openai-responses' ? { providerOptions: { openai: { store: false } } } : {}),
  };
}

/** Reads the parts of one call. */
class StreamReader {
  readonly result = new CallResult();
  readonly step = new VendorStep();
  readonly #characters = new WholeCharacters();
  readonly #words = new WithoutThoughts();
  readonly #tools: ReadonlySet<string>;

  constructor(tools: ReadonlySet<string>) {
    this.#tools = tools;
  }

  *read(part: SdkStreamPart): Generator<ProviderEvent> {
    switch (part.type) {
      case 'text-delta':
        yield* this.#say(this.#words.push(this.#characters.push(part.delta)));
        break;
      case 'text-end':
        yield* this.#say(this.#words.push(this.#characters.end()) + this.#words.end());
        break;
      case 'reasoning-delta':
      case 'tool-input-delta':
        yield { type: 'alive' };
        break;
      case 'tool-call': {
        const call = toCall(part, this.#tools);
        this.result.noteContent();
        this.step.read(part, call);
        yield { type: 'toolCall', call };
        return;
      }
      case 'error':
        this.result.noteError(part.error);
        break;
      case 'finish':
        this.result.noteFinish(part);
        break;
      default: // thoughts, beginnings and ends
    }
    this.step.read(part);
  }

  *#say(text: string): Generator<ProviderEvent> {
    if (text !== '') this.result.noteContent();
    yield text === '' ? { type: 'alive' } : { type: 'delta', text };
  }
}

export async function* streamModel(
  model: LanguageModel,
  request: ModelRequest,
  { api, signal }: { api: ApiKind; signal: AbortSignal },
): AsyncGenerator<ProviderEvent> {
  const reader = new StreamReader(new Set(request.tools?.map(({ name }) => name)));
  // The SDK takes an abort for one only with its own kind of reason; a caller's reason would look like a failure.
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  let isOver = false;
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const { stream } = await (model as SdkModel).doStream({ ...optionsOf(request, api), abortSignal: controller.signal });
    for await (const part of stream as AsyncIterable<SdkStreamPart> & typeof stream) yield* reader.read(part);
    isOver = true;
  } catch (error) {
    reader.result.noteError(error);
  } finally {
    signal.removeEventListener('abort', abort);
    // A reader that stops early ends the call too. Of one that has ended there is nothing to end, and an abort costs a stack.
    if (!isOver) controller.abort();
  }
  yield reader.result.lastEvent(signal, reader.step.message());
}
