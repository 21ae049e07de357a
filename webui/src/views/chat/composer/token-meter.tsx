/** The context that the conversation uses, and its cost, beside the model. */
import { Gauge } from '../../../components/gauge/gauge.js';
import { dollars, shortCount } from '../../../components/time-text/time-text.js';
import type { ChatModel } from '../model/chat-model.js';
import { lastTurn, type ModelChoice } from './model-chip.js';
import { t } from '../text.js';

/** Returns the tokens of the last answer, which the next one starts with; undefined: unknown, or no answer yet. */
function usedTokens(chat: ChatModel | undefined): number | undefined {
  const { inputTokens = null, outputTokens = null } = lastTurn(chat) ?? {};
  return inputTokens === null ? undefined : inputTokens + (outputTokens ?? 0);
}

export function TokenMeter({ chat, choice: { info, costUsd } }: { chat: ChatModel | undefined; choice: ModelChoice }) {
  if (chat === undefined || chat.messages.value.length === 0) return null;
  const used = usedTokens(chat);
  if (used === undefined) return null;
  const window = info?.contextWindow ?? undefined;
  const tokens = { used: shortCount(used), window: window === undefined ? t('unknown') : shortCount(window) };
  const label = [
    t('contextUsed', tokens),
    costUsd === undefined || costUsd === 0 ? t('costUnknown') : t('costSoFar', { cost: dollars(costUsd) }),
  ].join(' ');
  return (
    <span class="meter" title={label} role="img" aria-label={label}>
      {window !== undefined && <Gauge share={used / window} />}
      <span aria-hidden="true">
        {t('tokensOf', tokens)}
        {costUsd !== undefined && costUsd > 0 && <span class="in-wide">{` · ${dollars(costUsd)}`}</span>}
      </span>
    </span>
  );
}
