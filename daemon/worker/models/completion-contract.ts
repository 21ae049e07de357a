/** What the HTTP routes of the chat-completions API may ask of the worker. */
import type { GatewayError } from '../../../shared/errors.js';
import type { CallerKey } from '../store/idempotency.js';
import type { ForwardEvent, ForwardRequest } from '../providers/forwarded.js';
import type { CompletionEvent, CompletionMessage, CompletionSettings } from '../providers/completion.js';

/** One call of the chat-completions API, which is stateless unless it names a session. */
export interface CompletionCall extends CompletionSettings {
  /** An agent's id, or `provider/model`. */
  readonly model: string;
  /** At least one; oldest first. */
  readonly messages: readonly CompletionMessage[];
  /** Runs the last message as a turn of this session, as the agent service does, instead of what was sent before it. */
  readonly session?: string;
  /** Of a turn of a session; without one nothing is kept that could be repeated. */
  readonly idempotency?: CallerKey | undefined;
}

/** Any number of the first four, then exactly one of the others. */
export type CompletionOutput =
  | Exclude<CompletionEvent, { readonly type: 'finish' | 'failed' | 'aborted' }>
  | Extract<CompletionEvent, { readonly type: 'finish' }>
  /** After what was said so far. */
  | { readonly type: 'error'; readonly error: GatewayError };

/** `head`, then the provider's bytes as they come, then `end`; or an `error` after what came so far. */
export type ForwardOutput =
  | Exclude<ForwardEvent, { readonly type: 'failed' | 'aborted' }>
  | { readonly type: 'error'; readonly error: GatewayError };

export interface CompletionService {
  /** What `model` may be: the enabled agents, then every model that can be used. */
  models(): Promise<{ readonly id: string; readonly owner: string }[]>;
  /**
   * An agent's instructions are put before the messages, and its fallbacks are tried until a first word is said.
   * Failures before that are thrown: MODEL_NOT_FOUND, INVALID_REQUEST, AGENT_ERROR, RATE_LIMITED; later ones are an `error`.
   */
  run(call: CompletionCall, signal: AbortSignal): AsyncIterable<CompletionOutput>;
  /** Passes a call on to the provider that `body.model` names, as it is. Failures before the answer begins are thrown. */
  forward(request: ForwardRequest & { body: { readonly model: string } }, signal: AbortSignal): AsyncIterable<ForwardOutput>;
}
