/** Runs one model call of the AI SDK as the provider port's stream of events. Part of the bundle that speaks to vendors. */
import { streamText, type FinishReason, type LanguageModel, type LanguageModelUsage } from 'ai';
import type { ModelRequest, ProviderEvent, ProviderFailure, TokenUsage } from './provider.js';
import { toFailure } from './sdk-failure.js';

const failed = (failure: ProviderFailure): ProviderEvent => ({ type: 'failed', failure });

function toUsage(usage: LanguageModelUsage): TokenUsage {
  return { inputTokens: usage.inputTokens ?? null, outputTokens: usage.outputTokens ?? null };
}

function withoutWords(reason: FinishReason): ProviderEvent {
  const isFiltered = reason === 'content-filter';
  const detail = reason === 'length' ? 'the limit of tokens was reached before the answer began' : '';
  return failed({ kind: isFiltered ? 'filtered' : 'empty', status: null, detail, retryAfterMs: null });
}

/** What the parts of one call came to. */
class CallResult {
  #error: unknown;
  #hasError = false;
  #hasText = false;
  #isAborted = false;
  #finish: { reason: FinishReason; usage: LanguageModelUsage } | undefined;

  /** The first error is the cause; what follows are its consequences. */
  noteError(error: unknown): void {
    if (!this.#hasError) this.#error = error;
    this.#hasError = true;
  }

  noteText(): void {
    this.#hasText = true;
  }

  noteAbort(): void {
    this.#isAborted = true;
  }

  noteFinish(reason: FinishReason, usage: LanguageModelUsage): void {
    this.#finish = { reason, usage };
  }

  /** The last event. One error anywhere means failure, whatever the finish reason claims. */
  lastEvent(signal: AbortSignal): ProviderEvent {
    if (this.#isAborted || signal.aborted) return { type: 'aborted' };
    if (this.#hasError) return failed(toFailure(this.#error));
    if (this.#finish === undefined) return failed({ kind: 'cut', status: null, detail: '', retryAfterMs: null });
    if (!this.#hasText) return withoutWords(this.#finish.reason);
    return { type: 'finish', usage: toUsage(this.#finish.usage) };
  }
}

/** @param model  made for this call */
export async function* streamModel(model: LanguageModel, request: ModelRequest, signal: AbortSignal): AsyncGenerator<ProviderEvent> {
  const result = new CallResult();
  // The SDK takes an abort for one only with its own kind of reason; a caller's reason would look like a failure.
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const { fullStream } = streamText({
      model,
      ...(request.system === undefined ? {} : { system: request.system }),
      messages: request.messages.map(({ role, content }) => ({ role, content })),
      abortSignal: controller.signal,
      maxRetries: 0,
      onError: ({ error }) => result.noteError(error),
    });
    for await (const part of fullStream) {
      if (part.type === 'text-delta' && part.text !== '') {
        result.noteText();
        yield { type: 'delta', text: part.text };
      } else if (part.type === 'error') result.noteError(part.error);
      else if (part.type === 'abort') result.noteAbort();
      else if (part.type === 'finish') result.noteFinish(part.finishReason, part.totalUsage);
    }
  } catch (error) {
    result.noteError(error);
  } finally {
    signal.removeEventListener('abort', abort);
    // A reader that stops early ends the call too.
    controller.abort();
  }
  yield result.lastEvent(signal);
}
