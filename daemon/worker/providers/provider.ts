/**
 * The port to whatever writes answers. A provider never throws: how a stream ended is its last event, as plain data,
 * because the bundle that speaks to vendors has classes of its own.
 */

/** What a model is given, oldest first. */
export interface ModelMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

export interface ModelRequest {
  /** The provider's own name of the model, without the provider's id. */
  readonly modelId: string;
  readonly system?: string;
  /** The last one is the user's text, verbatim. */
  readonly messages: readonly ModelMessage[];
}

/** Tokens as the provider counted them; null where it did not say. */
export interface TokenUsage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
}

/**
 * Why a provider did not answer. `auth` 401/403; `quota` no credit left; `rateLimited` 429; `notFound` no such model or
 * path; `tooLong` more context than the model takes; `rejected` another 4xx; `overloaded` 5xx; `unreachable` no
 * connection; `cut` the connection ended in mid-answer; `timeout` silence; `notTheApi` something else answered (a page);
 * `protocol` an answer that makes no sense; `empty` nothing was said; `filtered` the provider withheld it;
 * `unconfigured` the provider or model is not set up here.
 */
export type FailureKind =
  | 'auth'
  | 'quota'
  | 'rateLimited'
  | 'notFound'
  | 'tooLong'
  | 'rejected'
  | 'overloaded'
  | 'unreachable'
  | 'cut'
  | 'timeout'
  | 'notTheApi'
  | 'protocol'
  | 'empty'
  | 'filtered'
  | 'unconfigured';

export interface ProviderFailure {
  readonly kind: FailureKind;
  /** HTTP status, where there was an answer. */
  readonly status: number | null;
  /** What the provider or the network said: one line, shortened. May be empty. */
  readonly detail: string;
  /** How long the provider asks to wait. */
  readonly retryAfterMs: number | null;
}

/** Any number of `delta`, then exactly one of the others. */
export type ProviderEvent =
  | { readonly type: 'delta'; readonly text: string }
  | { readonly type: 'finish'; readonly usage: TokenUsage }
  | { readonly type: 'failed'; readonly failure: ProviderFailure }
  /** The caller's signal ended it. */
  | { readonly type: 'aborted' };

export interface Provider {
  /** Lower-case, the first part of `provider/model`. */
  readonly id: string;
  /** For people, e.g. `OpenAI`. */
  readonly name: string;
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ProviderEvent>;
}

/** Where and how to reach a provider over HTTP. */
export interface ConnectionSettings {
  readonly id: string;
  readonly name: string;
  readonly baseUrl: string;
  readonly apiKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Exports of the bundle that speaks to vendors, loaded when it is first needed (`daemon/worker/ai.ts`). */
export interface AiModule {
  /** Chat completions, as OpenAI defined them and most servers speak them. */
  createOpenAiCompatible(settings: ConnectionSettings): Provider;
}

/** Kinds that may be gone a moment later. */
const TRANSIENT: ReadonlySet<FailureKind> = new Set<FailureKind>(['rateLimited', 'overloaded', 'unreachable', 'cut', 'timeout']);

/** Whether the same request may succeed soon without a change. */
export function isTransient(failure: ProviderFailure): boolean {
  return TRANSIENT.has(failure.kind);
}
