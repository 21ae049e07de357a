/** The events that a running turn reports to its reader, between the models' events and the wire format. */
import type { AgentEvent } from '../../../shared/api/agent.js';
import type { ApprovalDocument } from '../../../shared/api/tools/approvals.js';
import { GatewayError } from '../../../shared/errors.js';
import { GUIDE_REF } from '../../../shared/config/defaults.js';
import { definedFields } from '../../../shared/fields.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import { knownSentence } from '../../../shared/text/sentences/known.js';
import type { CutOff, TurnUsage } from '../../../shared/turn-usage.js';
import type { TurnStop } from '../store/conversations/turn-stops.js';

export type DeltaEvent = Extract<AgentEvent, { type: 'delta' }>;
export type ToolEvent = Extract<AgentEvent, { type: 'tool' }>;
type DoneDocument = Extract<AgentEvent, { type: 'done' }>;
export type DoneEvent = Omit<DoneDocument, 'usage'> & { readonly usage: TurnUsage };

/** One event of a turn, in order. Exactly one `done` or `error` ends a turn; `error.message` ends with what to do. */
export type TurnEvent = DeltaEvent | ToolEvent | DoneEvent | { readonly type: 'error'; readonly error: GatewayError };

/**
 * How a turn ended; `waiting`: it continues after a person's decision. `reply` is the text so far, also for an interrupted answer;
 * `usage` is null if no model reported any.
 */
export interface TurnOutcome {
  readonly state: 'done' | 'aborted' | 'error' | 'waiting';
  readonly reply: string;
  readonly model: string | null;
  readonly usage: TurnUsage | null;
  readonly error: GatewayError | null;
  /** The agent's reason, possibly empty, for sending nothing to the chat of its schedule. Undefined if it sends its answer. */
  readonly nothingToReport?: string;
  readonly cutOff?: CutOff | undefined;
}

/** The usage of a turn that called no model. */
export const NO_USAGE: TurnUsage = { inputTokens: null, outputTokens: null, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: null };

/** Returns the usage as `/api/agent` and events have it. */
export function toUsage({ inputTokens, outputTokens, costUsd }: TurnUsage): DoneDocument['usage'] {
  return { inputTokens, outputTokens, costUsd };
}

/** Returns the event for a complete answer. `model` is null for a command, which the built-in guide answers. */
export function toDoneEvent(turn: Pick<TurnOutcome, 'reply' | 'model' | 'cutOff'> & Pick<DoneEvent, 'sessionKey' | 'usage'>): DoneEvent {
  const { reply, sessionKey, model, usage, cutOff } = turn;
  return { type: 'done', reply, session: sessionKey, sessionKey, model: model ?? GUIDE_REF, usage, ...definedFields({ cutOff }) };
}

/** How a turn ended, and what is stored about it. */
export interface EndedTurn {
  readonly outcome: TurnOutcome;
  readonly sessionKey: string;
  /** Whether another worker took its session, so that nothing was stored. */
  readonly isLost: boolean;
  /** Why it was stopped. */
  readonly reason: GatewayError;
  /** The approvals that it waits for. */
  readonly approvals: readonly ApprovalDocument[];
}

/** Returns the last event of a turn. */
export function endEvent({ outcome, sessionKey, isLost, reason, approvals }: EndedTurn): TurnEvent {
  const { state, reply, model, usage, error, cutOff } = outcome;
  if (isLost) {
    const message = 'another worker of the gateway took this session over; the answer was not kept';
    return toErrorEvent(new GatewayError('UNAVAILABLE', { message, hint: 'Send the message again.' }));
  }
  if (state === 'aborted') return toErrorEvent(reason);
  if (error !== null) return toErrorEvent(error);
  const done = toDoneEvent({ reply, sessionKey, model, usage: usage ?? NO_USAGE, cutOff });
  return approvals.length === 0 ? done : { ...done, approvals: [...approvals] };
}

/** Returns the event for a failed turn. The hint becomes the message's last sentence; `details` has the sentence without it. */
export function toErrorEvent(error: GatewayError): TurnEvent {
  const { code, message, hint, cause, spec } = error;
  if (hint === undefined) return { type: 'error', error };
  const complete = `${message.replace(/[.\s]*$/, '.')} ${hint}`;
  const isExplained = !spec.expose || error.details?.['code'] !== undefined;
  const sentence = isExplained ? undefined : knownSentence(message);
  const details = sentence === undefined ? error.details : { ...sentence, ...error.details };
  return { type: 'error', error: new GatewayError(code, { message: complete, cause, ...(details && { details }) }) };
}

/** Returns why a turn ends that was stopped by its reader, or whose session was deleted. */
export function requestedStop(request: TurnStop['reason'], sessionKey: string): GatewayError {
  if (request === 'stopped') return new GatewayError('CONFLICT', { message: sayOfAnswer('turn-stopped') });
  return new GatewayError('SESSION_NOT_FOUND', { message: sayOfAnswer('turn-session-deleted', { session: sessionKey }) });
}

/** Returns why a turn was stopped, from the reason of its signal. */
export function stopReason(signal: AbortSignal): GatewayError {
  if (signal.reason instanceof GatewayError) return signal.reason;
  return new GatewayError('UNAVAILABLE', { message: 'the turn was stopped before it finished; the text so far is kept in the session' });
}
