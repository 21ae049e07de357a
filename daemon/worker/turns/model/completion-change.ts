/** The event that announces how a model call outside the turns of sessions ended. */
import type { GatewayEvent } from '../../../../shared/api/gateway/events.js';
import type { TokenUsage } from '../../providers/completion.js';
import type { ResolvedModel } from '../../providers/registry.js';
import { costOf } from '../../providers/token-cost.js';

export type CompletionChange = Extract<GatewayEvent, { type: 'completion' }>;

/** Returns the event for observers about the end of a call. */
export function completionChange(
  { ref, prices }: Pick<ResolvedModel, 'ref' | 'prices'>,
  event: { readonly type: 'failed' | 'aborted' } | { readonly type: 'finish'; readonly usage: TokenUsage },
): CompletionChange {
  if (event.type !== 'finish') return { type: 'completion', model: ref, state: event.type === 'failed' ? 'error' : 'aborted', usage: null };
  const { inputTokens, outputTokens } = event.usage;
  const costUsd = costOf(event.usage, prices);
  return { type: 'completion', model: ref, state: 'done', usage: { inputTokens, outputTokens, costUsd } };
}
