/**
 * One stateless model call, with everything the caller of a chat-completions API may say: roles, images, tools
 * that the caller runs itself, sampling. Nothing is stored, nothing is tried twice.
 */
import type { ProviderFailure } from './failure.js';

/**
 * Data that one vendor's provider reads and all others ignore, by the name under which its SDK looks for it: signatures of
 * reasoning, marks for a cache, a message as the caller wrote it. Plain JSON.
 */
export type VendorData = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface WithVendor {
  readonly vendor?: VendorData;
}

/** `url` of the last two: `https:` or `data:`; it is the provider that fetches it, never the gateway. */
export type CompletionPart = WithVendor &
  (
    | { readonly type: 'text'; readonly text: string }
    /** `detail`: how closely OpenAI's models look at it. */
    | { readonly type: 'image'; readonly url: string; readonly detail?: string }
    /** A PDF, a text, or what its `mediaType` says. `field`: where the caller wrote it, for refusals. */
    | { readonly type: 'file'; readonly url: string; readonly mediaType: string; readonly name?: string; readonly field: string }
  );

export interface CompletionToolCall extends WithVendor {
  readonly id: string;
  readonly name: string;
  /** As the model wrote them: the JSON of an object, or the beginning of one that was cut off. */
  readonly arguments: string;
}

/** What a model wrote, in its order. */
export type CompletionAnswerPart =
  | (WithVendor & { readonly type: 'text'; readonly text: string })
  | (WithVendor & { readonly type: 'reasoning'; readonly text: string })
  | ({ readonly type: 'toolCall' } & CompletionToolCall);

export type CompletionMessage = WithVendor &
  (
    | { readonly role: 'system'; readonly content: string }
    | { readonly role: 'user'; readonly content: readonly CompletionPart[] }
    | { readonly role: 'assistant'; readonly content: readonly CompletionAnswerPart[] }
    | {
        readonly role: 'tool';
        readonly callId: string;
        readonly name: string;
        readonly content: readonly CompletionPart[];
        readonly isError?: boolean;
      }
  );

export interface CompletionTool extends WithVendor {
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
  /** False: at most one call a step. */
  readonly parallelToolCalls?: boolean;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
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
    /** Whether the vendor makes the model keep to the schema; default: false. */
    readonly strict?: boolean;
  };
  /** Reasoning that the caller asks for: up to so many tokens, or as much as the model finds right. */
  readonly reasoning?: { readonly budgetTokens: number | null };
  /** Further fields as the caller wrote them, for providers that speak the API that it wrote them in. */
  readonly extra?: {
    readonly api: 'chat-completions' | 'messages' | 'responses';
    readonly fields: Readonly<Record<string, unknown>>;
    /** Names of features that must be switched on for them. */
    readonly betas?: readonly string[];
  };
}

export interface CompletionRequest extends CompletionSettings {
  /** The provider's own name of the model, without the provider's id. */
  readonly modelId: string;
  /** Oldest first. */
  readonly messages: readonly CompletionMessage[];
  /** The model's output limit in tokens, if known; one API requires it. */
  readonly modelMaxTokens?: number;
}

/** Tokens as reported by the provider; null, or absent, where it reported none. */
export interface TokenUsage {
  /** All of them, also those from and for the provider's cache. */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** Of the input. */
  readonly cacheReadTokens?: number | null;
  /** Of the input. */
  readonly cacheWriteTokens?: number | null;
  /** Of the output. */
  readonly reasoningTokens?: number | null;
}

/** What a provider says at the end of a call, for observers. */
export interface FinishFacts {
  readonly reason?: 'stop' | 'length' | 'tool_calls' | 'content_filter';
  /** The model that answered, in the provider's words. */
  readonly responseModel?: string;
}

/** How many tokens a request has as the provider counts them. */
export type TokenCount =
  | { readonly type: 'counted'; readonly inputTokens: number }
  | { readonly type: 'failed'; readonly failure: ProviderFailure }
  | { readonly type: 'aborted' };

/** Any number of the first seven, then exactly one of the others. Tool calls are counted from 0. */
export type CompletionEvent =
  /** `phase`: what OpenAI's newer models say that the message is for, which goes back with it. */
  | { readonly type: 'text'; readonly text: string; readonly phase?: string }
  /** The model says that it refuses, where its vendor tells that apart. */
  | { readonly type: 'refusal'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  /** A passage of reasoning is complete. One that the vendor hides has no text before. `vendor` must go back with it. */
  | { readonly type: 'reasoningEnd'; readonly vendor?: VendorData }
  | { readonly type: 'toolStart'; readonly index: number; readonly id: string; readonly name: string }
  | { readonly type: 'toolArguments'; readonly index: number; readonly text: string }
  /** The arguments of a call are complete. A call that has no such event is as complete as the answer is at its end. */
  | { readonly type: 'toolEnd'; readonly index: number }
  | ({
      readonly type: 'finish';
      readonly usage: TokenUsage;
      /** The reason in the vendor's words, where it says more. */
      readonly vendor?: VendorData;
    } & FinishFacts &
      Required<Pick<FinishFacts, 'reason'>>)
  | { readonly type: 'failed'; readonly failure: ProviderFailure }
  /** The caller's signal ended it. */
  | { readonly type: 'aborted' };
