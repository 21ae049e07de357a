/** Derives the health of an account from its state and the outcomes of its messages in the last hour. Pure. */
import { type Health, HEALTHY } from '../../../../shared/api/fields.js';
import type { ChannelStatus } from '../../../../shared/api/gateway/status.js';
import { sayOfIssue } from '../../../../shared/text/sentences/issue.js';
import { whyOf } from '../../../../shared/text/sentences/known.js';
import type { AccountMessages } from '../../store/delivery/account-messages.js';

/** Messages lost before this time do not count. */
export const HEALTH_WINDOW_MS = 60 * 60 * 1_000;
/** How long a failing message may wait, while nothing else is delivered, until the account counts as down. */
const DOWN_AFTER_MS = 60_000;

export interface AccountFacts {
  readonly status: ChannelStatus;
  readonly messages: Omit<AccountMessages, 'channel' | 'accountId'>;
  readonly nowMs: number;
}

function healthFrom(state: 'down' | 'degraded', what: string, lastError: string | undefined): Health {
  const reason = lastError === undefined ? what : sayOfIssue('with-last-error', { what, cause: lastError });
  return { state, reason, ...whyOf(reason) };
}

function ofState({ message: cause }: ChannelStatus, code: 'account-stopped' | 'account-retries'): Health {
  const reason = cause === undefined ? sayOfIssue(code) : sayOfIssue(`${code}-for`, { cause });
  return { state: 'down', reason, ...whyOf(reason) };
}

export function accountHealth({ status, messages, nowMs }: AccountFacts): Health {
  const { waiting, oldestWaitingAtMs, retrying, lost, lastError, lastDeliveredAtMs } = messages;
  if (status.state === 'failed') return ofState(status, 'account-stopped');
  if (status.state === 'backoff') return ofState(status, 'account-retries');
  if (retrying > 0 && oldestWaitingAtMs !== null) {
    const isDown = nowMs - oldestWaitingAtMs >= DOWN_AFTER_MS && (lastDeliveredAtMs ?? 0) <= oldestWaitingAtMs;
    if (isDown) return healthFrom('down', sayOfIssue('delivery-stuck', { count: waiting }), lastError?.message);
    return healthFrom('degraded', sayOfIssue('delivery-retries', { count: waiting }), lastError?.message);
  }
  return lost === 0 ? HEALTHY : healthFrom('degraded', sayOfIssue('delivery-lost', { count: lost }), lastError?.message);
}
