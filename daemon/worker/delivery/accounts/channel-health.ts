/** Decides how well an account works, from its state and what became of its messages in the last hour. Pure. */
import { type Health, HEALTHY } from '../../../../shared/api/fields.js';
import type { ChannelStatus } from '../../../../shared/control/messages.js';
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

const counted = (count: number): string => `${count} ${count === 1 ? 'message' : 'messages'}`;

/** Returns a text as a sentence. */
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

export function accountHealth({ status, messages, nowMs }: AccountFacts): Health {
  const { waiting, oldestWaitingAtMs, retrying, lost, lastError, lastDeliveredAtMs } = messages;
  const cause = (message: string | undefined): string => (message === undefined ? '.' : `: ${sentence(message)}`);
  if (status.state === 'failed') return { state: 'down', reason: `The account has stopped${cause(status.message)}` };
  if (status.state === 'backoff') return { state: 'down', reason: `The account is not connected and tries again${cause(status.message)}` };
  const lastCause = lastError === null ? '' : ` The last error: ${sentence(lastError.message)}`;
  if (retrying > 0 && oldestWaitingAtMs !== null) {
    const isDown = nowMs - oldestWaitingAtMs >= DOWN_AFTER_MS && (lastDeliveredAtMs ?? 0) <= oldestWaitingAtMs;
    if (isDown) return { state: 'down', reason: `Nothing is delivered: ${counted(waiting)} waiting.${lastCause}` };
    return { state: 'degraded', reason: `Sending fails and is tried again: ${counted(waiting)} waiting.${lastCause}` };
  }
  if (lost > 0) return { state: 'degraded', reason: `${counted(lost)} not delivered in the last hour.${lastCause}` };
  return HEALTHY;
}
