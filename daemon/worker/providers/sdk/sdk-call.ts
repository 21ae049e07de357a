/** One model call through the AI SDK, and its outcome. Part of the vendor bundle. */
import type { LanguageModel } from 'ai';
import { fieldsOf, listOf } from '../../../../shared/fields.js';
import type { TokenUsage, VendorData } from '../completion.js';
import type { ProviderFailure } from '../failure.js';
import { type RequestChange, withChange } from './own-request.js';
import { toFailure } from './sdk-failure.js';

/** A model itself: without the layer that runs tools, downloads files, checks prompts and retries. */
export type SdkModel = Extract<LanguageModel, { specificationVersion: 'v3' }>;
export type SdkCallOptions = Parameters<SdkModel['doStream']>[0];
export type SdkMessage = SdkCallOptions['prompt'][number];
export type SdkStreamPart = Awaited<ReturnType<SdkModel['doStream']>>['stream'] extends ReadableStream<infer Part> ? Part : never;
/** If the call sets `includeRawChunks`, the text of a refusal by one of OpenAI's models is marked. */
export type SdkPart = SdkStreamPart | (Extract<SdkStreamPart, { type: 'text-delta' }> & { readonly isRefusal: true });
type SdkFinish = Extract<SdkStreamPart, { type: 'finish' }>;
type SdkFinishReason = Exclude<SdkFinish['finishReason']['unified'], 'error'>;

type CallEnd =
  | {
      readonly type: 'finished';
      readonly reason: SdkFinishReason;
      readonly usage: TokenUsage;
      readonly vendor?: VendorData;
      readonly responseModel?: string;
    }
  | { readonly type: 'failed'; readonly failure: ProviderFailure }
  | { readonly type: 'aborted' };

function failed(kind: ProviderFailure['kind'], detail = ''): CallEnd {
  return { type: 'failed', failure: { kind, status: null, detail, retryAfterMs: null } };
}

/** The finish reasons in terms of chat completions. */
export const REASONS = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  other: 'stop',
} as const;

/** Reasons of Google's models: https://ai.google.dev/api/generate-content#FinishReason. */
const INVALID_CALL: ReadonlySet<string> = new Set(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL']);

/**
 * Reasons of vendors that the SDK does not know. Source: the API references of Mistral (`model_length`), DeepSeek
 * (`insufficient_system_resource`), Z.AI (`network_error`) and OpenRouter (`error`).
 */
const OWN_REASONS: ReadonlyMap<string | undefined, 'length' | 'broken'> = new Map([
  ['model_length', 'length'],
  ['insufficient_system_resource', 'broken'],
  ['network_error', 'broken'],
  ['error', 'broken'],
]);

/** Only one vendor's reasons are more precise than the unified ones. */
function vendorReason(vendor: VendorData | undefined, raw: string | undefined): { vendor?: VendorData } {
  const anthropic = vendor?.['anthropic'];
  if (anthropic === undefined || raw === undefined) return {};
  return { vendor: { anthropic: { stopReason: raw, stopSequence: anthropic['stopSequence'] ?? null } } };
}

/** Returns the refusal in a piece of a stream of OpenAI's APIs. */
function refusalIn(raw: unknown): string | undefined {
  const { type, delta, choices } = fieldsOf(raw);
  const [choice] = listOf(choices);
  const text = type === 'response.refusal.delta' ? delta : fieldsOf(choice?.['delta'])['refusal'];
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** The chat completions SDK stores a Google signature under the provider's id, but looks for it under Google's. */
function underGoogle(part: SdkStreamPart): SdkStreamPart {
  if (part.type !== 'tool-call' || part.providerMetadata === undefined) return part;
  const signed = Object.values(part.providerMetadata).find(({ thoughtSignature }) => thoughtSignature !== undefined);
  return signed === undefined ? part : { ...part, providerMetadata: { ...part.providerMetadata, google: signed } };
}

/** Returns a count of tokens; null for an invalid one. */
export function tokenCount(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** Returns the output tokens of an answer. xAI, and Google behind chat completions, count reasoning only in the total. */
function outputCount({ outputTokens, raw }: SdkFinish['usage']): number | null {
  const said = tokenCount(outputTokens.total);
  const [total, prompt] = [tokenCount(raw?.['total_tokens']), tokenCount(raw?.['prompt_tokens'])];
  return said === null || total === null || prompt === null ? said : Math.max(said, total - prompt);
}

function usageOf(usage: SdkFinish['usage']): TokenUsage {
  const { inputTokens, outputTokens } = usage;
  return {
    inputTokens: tokenCount(inputTokens.total),
    outputTokens: outputCount(usage),
    cacheReadTokens: tokenCount(inputTokens.cacheRead),
    cacheWriteTokens: tokenCount(inputTokens.cacheWrite),
    reasoningTokens: tokenCount(outputTokens.reasoning),
  };
}

export class SdkCall {
  readonly #model: SdkModel;
  readonly #signal: AbortSignal;
  #error: { readonly cause: unknown } | undefined;
  #finish: SdkFinish | undefined;
  #responseModel: string | undefined;
  #hasRefusal = false;
  /** Found in the vendor's last chunk. */
  #refusal: string | undefined;

  constructor(model: LanguageModel, signal: AbortSignal) {
    this.#model = model as SdkModel;
    this.#signal = signal;
  }

  /**
   * Yields the parts of the answer as they arrive. Never throws: {@link end} tells how it ended. @param change  a change of the
   * SDK's request
   */
  async *parts(makeOptions: () => SdkCallOptions, change?: RequestChange): AsyncGenerator<SdkPart> {
    // The SDK recognizes an abort only by its own kind of reason; a caller's reason would look like a failure.
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    let isOver = false;
    this.#signal.addEventListener('abort', abort, { once: true });
    if (this.#signal.aborted) abort();
    try {
      const options = { ...makeOptions(), abortSignal: controller.signal };
      const { stream } = await withChange(change, () => this.#model.doStream(options));
      for await (const part of stream as AsyncIterable<SdkStreamPart> & typeof stream) {
        // The first error is the cause; what follows are its consequences.
        if (part.type === 'error') this.#error ??= { cause: part.error };
        if (part.type === 'finish') this.#finish = part;
        if (part.type === 'response-metadata') this.#responseModel = part.modelId;
        const read = this.#readRefusal(underGoogle(part));
        if (read !== undefined) yield read;
      }
      isOver = true;
    } catch (error) {
      this.#error ??= { cause: error };
    } finally {
      this.#signal.removeEventListener('abort', abort);
      // A reader that stops early also ends the call. An abort after the end would only cost the time of a stack trace.
      if (!isOver) controller.abort();
    }
  }

  /** Returns a part unchanged, or as a refusal; undefined for a raw vendor chunk, which precedes the SDK's own part. */
  #readRefusal(part: SdkStreamPart): SdkPart | undefined {
    if (part.type === 'raw') {
      this.#refusal = refusalIn(part.rawValue);
      this.#hasRefusal ||= this.#refusal !== undefined;
      return undefined;
    }
    return part.type === 'text-delta' && part.delta === this.#refusal ? { ...part, isRefusal: true } : part;
  }

  /** Any error means failure, whatever the finish reason is; so does an end that the vendor never announced. */
  end(): CallEnd {
    if (this.#signal.aborted) return { type: 'aborted' };
    if (this.#error !== undefined) return { type: 'failed', failure: toFailure(this.#error.cause) };
    const { unified, raw } = this.#finish?.finishReason ?? { unified: 'error', raw: undefined };
    if (raw !== undefined && INVALID_CALL.has(raw)) return failed('invalidCall');
    if (this.#finish === undefined || unified === 'error' || (unified === 'other' && raw === undefined)) return failed('cut');
    const own = unified === 'other' ? OWN_REASONS.get(raw) : undefined;
    if (own === 'broken') return failed('overloaded', `finish_reason: ${raw}`);
    const { usage: used, providerMetadata: vendor } = this.#finish;
    const model = this.#responseModel === undefined ? {} : { responseModel: this.#responseModel };
    // The SDK reports a refusal as a content filter.
    const reason = this.#hasRefusal && unified === 'content-filter' && raw !== 'content_filter' ? 'stop' : (own ?? unified);
    return { type: 'finished', reason, usage: usageOf(used), ...model, ...vendorReason(vendor, raw) };
  }
}
