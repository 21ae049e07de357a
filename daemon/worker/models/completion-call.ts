/** A call for a program that uses a vendor's API, and its outputs. */
import { GatewayError } from '../../../shared/errors.js';
import type { AccessToken } from '../access/access-tokens.js';
import type { StepOwner } from '../turns/steps/step-log.js';
import type { StoredStep } from '../store/turns/turn-steps.js';
import type { CallerKey } from '../store/idempotency.js';
import type { Span } from '../tracing/span.js';
import { describeFailure, type ProviderFailure } from '../providers/failure.js';
import type { ForwardEvent } from '../providers/provider.js';
import type { ResolvedModel } from '../providers/registry.js';
import type { CompletionEvent, CompletionMessage, CompletionSettings } from '../providers/completion.js';

/** A session as its caller names it. */
export interface NamedSession {
  readonly name: string;
  /** The access token of the caller, which determines among whose sessions the name is looked up. */
  readonly access: AccessToken | undefined;
}

/** One call, which is stateless unless it names a session. */
export interface CompletionCall extends CompletionSettings {
  /** An agent's id, or `provider/model`. */
  readonly model: string;
  /** At least one; oldest first. */
  readonly messages: readonly CompletionMessage[];
  /** Runs the last message as a turn of this session; the messages before it are not read. */
  readonly session?: NamedSession;
  /** The messages before the last belong to a conversation that the gateway keeps for the caller. */
  readonly continues?: boolean;
  /** Where steps that call the agent's tools are stored, and the already stored steps from which to continue. */
  readonly steps?: StepOwner & { readonly stored: readonly StoredStep[] };
  /** Only for a turn of a session; other calls store nothing that could be repeated. */
  readonly idempotency?: CallerKey | undefined;
  /** The access token that it is made with. */
  readonly tokenId?: string | undefined;
  /** The purpose of the call. */
  readonly span?: Span | undefined;
}

/** Any number of the first nine, then exactly one of the others. */
export type CompletionOutput =
  | Exclude<CompletionEvent, { readonly type: 'finish' | 'failed' | 'aborted' }>
  | Extract<CompletionEvent, { readonly type: 'finish' }>
  /** After the text so far. */
  | { readonly type: 'error'; readonly error: GatewayError };

/** `head`, then the provider's bytes as they come, then `end`; or an `error` after the bytes so far. */
export type ForwardOutput =
  | Exclude<ForwardEvent, { readonly type: 'failed' | 'aborted' }>
  | { readonly type: 'error'; readonly error: GatewayError };

/** Returns the error of a call that was stopped or failed. */
export function callError(
  event: { readonly type: 'aborted' } | { readonly type: 'failed'; readonly failure: ProviderFailure },
  signal: AbortSignal,
  { failing }: ResolvedModel,
): GatewayError {
  if (event.type === 'failed') return describeFailure(event.failure, failing, 'stateless');
  if (signal.reason instanceof GatewayError) return signal.reason;
  return new GatewayError('UNAVAILABLE', { message: 'the call was stopped before it finished' });
}
