/**
 * One stateless call of a model, with everything the caller of a chat-completions API may say: roles, images, tools
 * that the caller runs itself, sampling. Nothing is stored, nothing is tried twice.
 */
import type { ProviderFailure } from './failure.js';

export type CompletionPart =
  | { readonly type: 'text'; readonly text: string }
  /** `url`: `https:` or `data:`; it is the provider that fetches it, never the gateway. */
  | { readonly type: 'image'; readonly url: string };

export interface CompletionToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON, as the model wrote it. */
  readonly arguments: string;
}

export type CompletionMessage =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: readonly CompletionPart[] }
  | { readonly role: 'assistant'; readonly content: string; readonly toolCalls: readonly CompletionToolCall[] }
  | { readonly role: 'tool'; readonly callId: string; readonly name: string; readonly content: string };

export interface CompletionTool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of an object. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly strict?: boolean;
}

/** Settings that are left out are the provider's to choose. */
export interface CompletionSettings {
  readonly tools?: readonly CompletionTool[];
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: string };
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxOutputTokens?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly responseFormat?: {
    readonly type: 'json';
    readonly name?: string;
    readonly description?: string;
    readonly schema?: Readonly<Record<string, unknown>>;
  };
  /** Further fields as the caller wrote them, for providers that speak the API that it wrote them in. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface CompletionRequest extends CompletionSettings {
  /** The provider's own name of the model, without the provider's id. */
  readonly modelId: string;
  /** Oldest first. */
  readonly messages: readonly CompletionMessage[];
  /** The model's output limit in tokens, if known; one API requires it. */
  readonly modelMaxTokens?: number;
}

/** Tokens as reported by the provider; null where it reported none. */
export interface CompletionUsage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cachedTokens: number | null;
  readonly reasoningTokens: number | null;
}

/** Any number of the first four, then exactly one of the others. Tool calls are counted from 0. */
export type CompletionEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'toolStart'; readonly index: number; readonly id: string; readonly name: string }
  | { readonly type: 'toolArguments'; readonly index: number; readonly text: string }
  | { readonly type: 'finish'; readonly reason: 'stop' | 'length' | 'tool_calls' | 'content_filter'; readonly usage: CompletionUsage }
  | { readonly type: 'failed'; readonly failure: ProviderFailure }
  /** The caller's signal ended it. */
  | { readonly type: 'aborted' };
