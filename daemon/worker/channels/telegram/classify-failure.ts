/** What a failed request to Telegram means. Pure. */
import type { SendOutcome } from '../channel.js';
import type { BotFailure } from './bot-api.js';
import type { BotRequest } from './compose.js';

/** The token is not a bot's (any more): nothing helps but another one. */
export function isTokenRefused(failure: BotFailure): boolean {
  return failure.type === 'answered' && (failure.code === 401 || failure.code === 404);
}

export function describeFailure(failure: BotFailure): string {
  switch (failure.type) {
    case 'answered':
      return `Telegram answered ${failure.code}: ${failure.description}`;
    case 'network':
      return `Telegram cannot be reached: ${failure.reason}`;
    case 'aborted':
      return 'the gateway stopped';
  }
}

/** An edit that is made twice is one. */
export function judgeFailure(failure: BotFailure, method: BotRequest['method']): SendOutcome {
  const reason = describeFailure(failure);
  const mayBeDone = failure.type !== 'answered' && failure.sent && method === 'sendMessage';
  if (mayBeDone) return { type: 'unknown', reason };
  if (failure.type === 'aborted') return { type: 'interrupted' };
  if (failure.type === 'network') return { type: 'failed', reason };
  // The account is about to fail; the message waits for its new token.
  if (isTokenRefused(failure)) return { type: 'interrupted' };
  // "ok": false from the API itself says that it was not done, also with a 5xx.
  if (failure.code === 429 || failure.code >= 500)
    return { type: 'failed', reason, ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }) };
  return { type: 'refused', reason };
}
