/** Runs one model call of the AI SDK as the provider port's stream of events. Part of the bundle that speaks to vendors. */
import { streamText, type FinishReason, type LanguageModel, type LanguageModelUsage, type TextStreamPart, type ToolSet } from 'ai';
import type { ApiKind } from '../../../shared/config/models-schema.js';
import type { ModelRequest, ProviderEvent, ProviderFailure, TokenUsage, ToolCall } from './provider.js';
import { toFailure } from './sdk-failure.js';
import { tokenCount, WholeCharacters } from './stream-text.js';
import { toSdkMessages, toSdkTools } from './sdk-messages.js';

const failed = (failure: ProviderFailure): ProviderEvent => ({ type: 'failed', failure });

function toUsage({ inputTokens, outputTokens, inputTokenDetails }: LanguageModelUsage): TokenUsage {
  const { cacheReadTokens, cacheWriteTokens } = inputTokenDetails;
  return {
    inputTokens: tokenCount(inputTokens),
    outputTokens: tokenCount(outputTokens),
    ...(cacheReadTokens === undefined || cacheReadTokens === 0 ? {} : { cacheReadTokens: tokenCount(cacheReadTokens) }),
    ...(cacheWriteTokens === undefined || cacheWriteTokens === 0 ? {} : { cacheWriteTokens: tokenCount(cacheWriteTokens) }),
  };
}

function withoutWords(reason: FinishReason): ProviderEvent {
  const isFiltered = reason === 'content-filter';
  const detail = reason === 'length' ? 'the limit of tokens was reached before the answer began' : '';
  return failed({ kind: isFiltered ? 'filtered' : 'empty', status: null, detail, retryAfterMs: null });
}

interface Finish {
  readonly reason: FinishReason;
  /** What the vendor itself called it; without one, it never said that the answer is complete. */
  readonly raw: string | undefined;
  readonly usage: LanguageModelUsage;
}

/** What the parts of one call came to. */
class CallResult {
  #error: unknown;
  #hasError = false;
  #hasContent = false;
  #isAborted = false;
  #finish: Finish | undefined;

  /** The first error is the cause; what follows are its consequences. */
  noteError(error: unknown): void {
    if (!this.#hasError) this.#error = error;
    this.#hasError = true;
  }

  noteContent(): void {
    this.#hasContent = true;
  }

  noteAbort(): void {
    this.#isAborted = true;
  }

  noteFinish(finish: Finish): void {
    this.#finish = finish;
  }

  /** The last event. One error anywhere means failure, whatever the finish reason claims. */
  lastEvent(signal: AbortSignal, vendor: unknown): ProviderEvent {
    if (this.#isAborted || signal.aborted) return { type: 'aborted' };
    if (this.#hasError) return failed(toFailure(this.#error));
    if (this.#finish === undefined || (this.#finish.raw === undefined && this.#finish.reason === 'other'))
      return failed({ kind: 'cut', status: null, detail: '', retryAfterMs: null });
    if (!this.#hasContent) return withoutWords(this.#finish.reason);
    return { type: 'finish', usage: toUsage(this.#finish.usage), ...(vendor === undefined ? {} : { vendor }) };
  }
}

function toCall(part: { toolCallId: string; toolName: string; input: unknown; invalid?: boolean | undefined; error?: unknown }): ToolCall {
  const { toolCallId: id, toolName: name, input, invalid, error } = part;
  if (invalid !== true) return { id, name, input };
  return { id, name, input, problem: error instanceof Error ? error.message : String(error) };
}

/** Whatever says how a call went, apart from what it said. */
function noteOutcome(result: CallResult, part: TextStreamPart<ToolSet>): void {
  if (part.type === 'error') result.noteError(part.error);
  else if (part.type === 'abort') result.noteAbort();
  else if (part.type === 'finish') result.noteFinish({ reason: part.finishReason, raw: part.rawFinishReason, usage: part.totalUsage });
}

function optionsOf(request: ModelRequest, api: ApiKind) {
  const { system, tools = [], isLastStep, maxTokens } = request;
  return {
    ...(system === undefined ? {} : { system }),
    ...(tools.length === 0 ? {} : { tools: toSdkTools(tools), toolChoice: isLastStep === true ? ('none' as const) : ('auto' as const) }),
    // The only API that must be told; others take their own limit, and some refuse to be told.
    ...(api === 'anthropic-messages' && maxTokens !== undefined ? { maxOutputTokens: maxTokens } : {}),
    // Conversations are kept here, not at the vendor's.
    ...(api === 'openai-responses' ? { providerOptions: { openai: { store: false } } } : {}),
  };
}

export async function* streamModel(
  model: LanguageModel,
  request: ModelRequest,
  { api, signal }: { api: ApiKind; signal: AbortSignal },
): AsyncGenerator<ProviderEvent> {
  const result = new CallResult();
  const characters = new WholeCharacters();
  let vendor: unknown;
  // The SDK takes an abort for one only with its own kind of reason; a caller's reason would look like a failure.
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  let isOver = false;
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const run = streamText({
      model,
      messages: toSdkMessages(request.messages, request.ref),
      ...optionsOf(request, api),
      abortSignal: controller.signal,
      maxRetries: 0,
      onError: ({ error }) => result.noteError(error),
    });
    let hasCalls = false;
    for await (const part of run.fullStream) {
      switch (part.type) {
        case 'text-delta': {
          const text = characters.push(part.text);
          if (text === '') break;
          result.noteContent();
          yield { type: 'delta', text };
          break;
        }
        case 'text-end': {
          const text = characters.end();
          if (text !== '') yield { type: 'delta', text };
          break;
        }
        case 'tool-call':
          result.noteContent();
          hasCalls = true;
          yield { type: 'toolCall', call: toCall(part) };
          break;
        default:
          noteOutcome(result, part);
      }
    }
    // Asked for only now: a promise that nobody takes would fail unheard when the call does.
    if (hasCalls) vendor = (await run.response).messages.filter(({ role }) => role === 'assistant');
    isOver = true;
  } catch (error) {
    result.noteError(error);
  } finally {
    signal.removeEventListener('abort', abort);
    // A reader that stops early ends the call too. Of one that has ended there is nothing to end, and an abort costs a stack.
    if (!isOver) controller.abort();
  }
  yield result.lastEvent(signal, vendor);
}
