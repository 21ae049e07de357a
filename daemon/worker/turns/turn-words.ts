/** What the callers of a turn are told of it. Pure. */
import { GatewayError } from '../../../shared/errors.js';
import type { TurnUsage } from '../providers/token-cost.js';
import type { AgentEvent } from '../contracts.js';

type ErrorEvent = Extract<AgentEvent, { type: 'error' }>;
type DoneEvent = Extract<AgentEvent, { type: 'done' }>;

/** What callers are told of a turn's cost; of one that no model was asked in, nothing is known. */
export function toUsageDocument(usage: TurnUsage | null): DoneEvent['usage'] {
  return { inputTokens: usage?.inputTokens ?? null, outputTokens: usage?.outputTokens ?? null, costUsd: usage?.costUsd ?? null };
}

/** Why a turn was stopped, as its reader is told. */
export function stopReason(signal: AbortSignal): GatewayError {
  if (signal.reason instanceof GatewayError) return signal.reason;
  return new GatewayError('UNAVAILABLE', {
    message: 'the turn was stopped before it was finished; what had been said is kept in the session',
  });
}

export function stoppedByRequest(): GatewayError {
  return new GatewayError('CONFLICT', { message: 'the turn was stopped by /stop; what had been said is kept in the session' });
}

/** What to do becomes the message's last sentence. */
export function toErrorEvent({ code, message, hint, details }: GatewayError): ErrorEvent {
  const told = hint === undefined ? message : `${message.replace(/[.\s]*$/, '.')} ${hint}`;
  return { type: 'error', code, message: told, ...(details === undefined ? {} : { details }) };
}
