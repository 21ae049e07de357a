/**
 * The interface to models. A provider never throws: the last event of a stream tells how it ended, as plain data, because the
 * vendor bundle has its own copies of classes.
 */
import type { ApiKind } from '../../../shared/config/models-schema.js';
import type { CompletionEvent, CompletionRequest, FinishFacts, TokenCount, TokenUsage } from './completion.js';
import type { Asker, ProviderFailure } from './failure.js';

export interface ChatImage {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** A message of a conversation. */
export interface ChatMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** Attached images, for models that accept them. */
  readonly images?: readonly ChatImage[];
}

/** A tool model call. */
export interface ToolCall {
  /** Unique in the turn. */
  readonly id: string;
  readonly name: string;
  /** As the model wrote it; tools check it themselves. */
  readonly input: unknown;
  /** Why it cannot be run: an unknown tool, or arguments that are not JSON. */
  readonly problem?: string;
}

export interface ToolResult {
  readonly callId: string;
  readonly name: string;
  readonly output: string;
  readonly isError: boolean;
  /** Images in the result, for models that accept them; the output describes them in words. */
  readonly images?: readonly ChatImage[];
}

/** The text and the tool calls of one step. */
export interface ToolCallMessage {
  readonly role: 'toolCalls';
  readonly content: string;
  readonly calls: readonly ToolCall[];
  /** The model that wrote it, `provider/model`, and the step in its vendor's own form, which only that model is given back. */
  readonly ref: string;
  readonly vendor?: unknown;
}

/** The results of all calls of the step before. */
export interface ToolResultMessage {
  readonly role: 'toolResults';
  readonly results: readonly ToolResult[];
}

export type ModelMessage = ChatMessage | ToolCallMessage | ToolResultMessage;

export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

export interface ModelRequest {
  /** `provider/model`. */
  readonly ref?: string;
  /** The provider's own name for the model, without the provider's id. */
  readonly modelId: string;
  readonly system?: string;
  /** The last chat message is the user's text, verbatim; the steps of this turn follow it. */
  readonly messages: readonly ModelMessage[];
  readonly tools?: readonly ToolDefinition[];
  /** The limit of tool calls is reached: only text is accepted now. */
  readonly isLastStep?: boolean;
  /** The model's output limit in tokens, if known. */
  readonly maxTokens?: number;
  /** For the built-in guide, whose answer depends on it. */
  readonly asker?: Asker;
}

/** Any number of `delta`, `toolCall` and `alive`, then exactly one of the others. */
export type ProviderEvent =
  | { readonly type: 'delta'; readonly text: string }
  /** The model is reasoning or writing incomplete output: it is not silent. */
  | { readonly type: 'alive' }
  | { readonly type: 'toolCall'; readonly call: ToolCall }
  /** `vendor`: the step in the vendor's own form, if it called tools; plain data. */
  | ({ readonly type: 'finish'; readonly usage: TokenUsage; readonly vendor?: unknown } & FinishFacts)
  | { readonly type: 'failed'; readonly failure: ProviderFailure }
  /** The caller's signal aborted it. */
  | { readonly type: 'aborted' };

/** A call that is passed on unchanged; the answer is the provider's own. */
export interface ForwardRequest {
  /** Path after the provider's base URL. */
  readonly path: 'embeddings';
  /** The caller's document, with the model's name at the provider. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** `head` first, any number of `bytes`, then `end`; or one of the others at any point. */
export type ForwardEvent =
  | { readonly type: 'head'; readonly contentType: string }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'end'; readonly usage: TokenUsage }
  | { readonly type: 'failed'; readonly failure: ProviderFailure }
  | { readonly type: 'aborted' };

/** A recording to transcribe. */
export interface TranscriptionRequest {
  /** The provider's own name for the model. */
  readonly modelId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** Further fields of the vendor's request, such as `language`. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Exactly one. `text` is empty if no words were recognised; `seconds` is the duration counted by the provider, if reported. */
export type TranscriptionEvent =
  | { readonly type: 'finish'; readonly text: string; readonly usage: TokenUsage; readonly seconds: number | null }
  | { readonly type: 'failed'; readonly failure: ProviderFailure }
  | { readonly type: 'aborted' };

export interface Provider {
  /** Lower-case, the first part of `provider/model`. */
  readonly id: string;
  /** Display name, e.g. `OpenAI`. */
  readonly name: string;
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ProviderEvent>;
  /** One stateless call. */
  complete(request: CompletionRequest, signal: AbortSignal): AsyncIterable<CompletionEvent>;
  /** Counts the tokens of a call, if the vendor supports that. */
  count?(request: CompletionRequest, signal: AbortSignal): AsyncIterable<TokenCount>;
  /** One call that is passed on unchanged. */
  forward?(request: ForwardRequest, signal: AbortSignal): AsyncIterable<ForwardEvent>;
  /** Transcribes a recording, if the vendor has OpenAI's API. */
  transcribe?(request: TranscriptionRequest, signal: AbortSignal): AsyncIterable<TranscriptionEvent>;
}

/** Where and how to reach a provider over HTTP. */
export interface ConnectionSettings {
  readonly id: string;
  readonly name: string;
  readonly api: ApiKind;
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Exports of the vendor bundle, loaded on first use (`daemon/worker/lazy/ai.ts`). */
export interface AiModule {
  /** Creates a provider for the API named in the settings. */
  createProvider(settings: ConnectionSettings): Provider;
}
