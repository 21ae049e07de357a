/**
 * One stateless model call, with all settings of a chat-completions API: roles, images, tools that the caller runs itself,
 * sampling. Nothing is stored or retried.
 */
import type { Fields } from '../../../shared/fields.js';
import type { ProviderFailure } from './failure.js';

/**
 * Data that one vendor's provider reads and all others ignore, by the name that its SDK uses for it: signatures of reasoning, marks
 * for a cache, a message as the caller wrote it. Plain JSON.
 */
export type VendorData = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface WithVendor {
  readonly vendor?: VendorData;
}

/** `url` of the last two: `https:` or `data:`; fetched by the provider, never by the gateway. */
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
  /** As the model wrote them: the JSON of an object, possibly cut off. */
  readonly arguments: string;
}

/** A model's output, in order. */
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

/** Settings that are omitted are left to the provider. */
export interface CompletionSettings {
  readonly tools?: readonly CompletionTool[];
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: string };
  /** False: at most one call per step. */
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
  /** Reasoning that the caller requests: up to this many tokens, or as much as the model chooses. */
  readonly reasoning?: { readonly budgetTokens: number | null };
  /** Further fields as the caller wrote them, for providers of the caller's API. */
  readonly extra?: {
    readonly api: 'chat-completions' | 'messages' | 'responses';
    readonly fields: Readonly<Record<string, unknown>>;
    /** Names of features that must be enabled for them. */
    readonly betas?: readonly string[];
  };
}

export interface CompletionRequest extends CompletionSettings {
  /** The provider's own name for the model, without the provider's id. */
  readonly modelId: string;
  /** Oldest first. */
  readonly messages: readonly CompletionMessage[];
  /** The model's output limit in tokens, if known; one API requires it. */
  readonly modelMaxTokens?: number;
}

/** Tokens as reported by the provider; null or absent if it reported none. */
export interface TokenUsage {
  /** All input tokens, including those read from or written to the provider's cache. */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** Of the input. */
  readonly cacheReadTokens?: number | null;
  /** Of the input. */
  readonly cacheWriteTokens?: number | null;
  /** Of the output. */
  readonly reasoningTokens?: number | null;
}

/** What a provider reports at the end of a call, for observers. */
export interface FinishFacts {
  readonly reason?: 'stop' | 'length' | 'tool_calls' | 'content_filter';
  /** The model that answered, in the provider's words. */
  readonly responseModel?: string;
}

/** A step as its vendor must get it back. Plain data. */
export interface AnswerStep extends WithVendor {
  readonly parts: readonly CompletionAnswerPart[];
}

/** The number of tokens of a request, as counted by the provider. */
export type TokenCount =
  | { readonly type: 'counted'; readonly inputTokens: number }
  | { readonly type: 'failed'; readonly failure: ProviderFailure }
  | { readonly type: 'aborted' };

/** Any number of the first nine, then exactly one of the others. Tool calls are counted from 0. */
export type CompletionEvent =
  /** `phase`: the purpose of the message as stated by newer OpenAI models, which must be sent back with it. */
  | { readonly type: 'text'; readonly text: string; readonly phase?: string }
  /** The model refuses, if its vendor marks refusals. */
  | { readonly type: 'refusal'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  /** A passage of reasoning is complete. Hidden reasoning has no text. `vendor` must be sent back with it. */
  | { readonly type: 'reasoningEnd'; readonly vendor?: VendorData }
  | { readonly type: 'toolStart'; readonly index: number; readonly id: string; readonly name: string }
  | { readonly type: 'toolArguments'; readonly index: number; readonly text: string }
  /** The arguments of a call are complete. A call that has no such event is as complete as the answer is at its end. */
  | { readonly type: 'toolEnd'; readonly index: number }
  /** A picture by the model: an `https:` or `data:` URL. */
  | { readonly type: 'image'; readonly url: string }
  /** Sources of the text, as chat completions have them. */
  | { readonly type: 'annotations'; readonly annotations: readonly Fields[] }
  | ({
      readonly type: 'finish';
      readonly usage: TokenUsage;
      /** The vendor's own reason, if it says more. */
      readonly vendor?: VendorData;
      /** If it called tools. */
      readonly step?: AnswerStep;
    } & FinishFacts &
      Required<Pick<FinishFacts, 'reason'>>)
  | { readonly type: 'failed'; readonly failure: ProviderFailure }
  /** The caller's signal aborted it. */
  | { readonly type: 'aborted' };
