/** Classifies a receiver's answer. */
import { oneLine } from '../../../../shared/text/one-line.js';
import { sayOfChannel } from '../../../../shared/text/sentences/channel.js';
import type { SendOutcome } from '../channel.js';
import type { PostResult } from '../http-post.js';

const MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1_000;
const MAX_QUOTED = 200;
/** When the gateway itself stops, the outbox gives another reason. */
const ABORTED = sayOfChannel('delivery-interrupted', { what: sayOfChannel('account-ended') });

/** `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3). @returns milliseconds; undefined when the value is not usable */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const waitMs = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return Number.isFinite(waitMs) ? Math.min(Math.max(waitMs, 0), MAX_RETRY_AFTER_MS) : undefined;
}

/** The receiver does not have the message, but indicates that it may accept it later. */
const LATER = new Set([408, 425, 429, 500, 501, 503, 505, 507, 508]);

function describe(status: number, excerpt: string): string {
  const text = oneLine(excerpt, MAX_QUOTED);
  return text === '' ? sayOfChannel('receiver-answered', { status }) : sayOfChannel('receiver-answered-with', { status, text });
}

/** `isGone`: the receiver requests that no more messages be sent. */
export interface ClassifiedAnswer {
  readonly outcome: SendOutcome;
  readonly isGone: boolean;
}

function classifyStatus(answer: Extract<PostResult, { type: 'answered' }>, nowMs: number): SendOutcome {
  const { status } = answer;
  const reason = describe(status, answer.body);
  if (status >= 200 && status < 300) return { type: 'delivered' };
  if (status >= 300 && status < 400) return { type: 'refused', reason: sayOfChannel('receiver-redirects', { what: reason }) };
  if (LATER.has(status)) {
    const retryAfterMs = parseRetryAfter(answer.retryAfter, nowMs);
    return { type: 'failed', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  // 502, 504 and similar answers come from a proxy: the receiver may have the message.
  return status >= 500 ? { type: 'unknown', reason } : { type: 'refused', reason };
}

export function classifyAnswer(result: PostResult, nowMs: number): ClassifiedAnswer {
  switch (result.type) {
    case 'answered':
      // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: 410 disables the endpoint.
      return { outcome: classifyStatus(result, nowMs), isGone: result.status === 410 };
    case 'failed':
      return { outcome: { type: result.sent ? 'unknown' : 'failed', reason: result.reason }, isGone: false };
    case 'aborted':
      return {
        outcome: result.sent ? { type: 'unknown', reason: ABORTED } : { type: 'interrupted' },
        isGone: false,
      };
  }
}
