/** The `Idempotency-Key` header, for every request that has effects. */
import { idempotencyKey } from '../../../shared/api/messages.js';
import { validate } from '../../../shared/api/validate.js';
import type { CallerKey } from '../store/idempotency.js';
import type { HttpContext } from './context.js';

const MEANING = 'For 24 hours, the same key with the same body returns the first response; with a different body: 409';
const OF_A_TURN = 'a repeated turn returns the first text, with new ids and times';

/** For the OpenAPI document of a route that accepts the header. */
export const IDEMPOTENCY_HEADER = { 'Idempotency-Key': MEANING } as const;

/** Below `/v1`, only a turn of a session is stored under its key; a repetition gets the stored text in a new document. */
export const TURN_IDEMPOTENCY_HEADER = {
  'Idempotency-Key': `${MEANING}. Only with a session, where ${OF_A_TURN}: other calls are not stored`,
} as const;

export const RESPONSE_IDEMPOTENCY_HEADER = {
  'Idempotency-Key': `${MEANING}. Only in the background, or with a session, where ${OF_A_TURN}`,
} as const;

/** @returns undefined without one @throws INVALID_REQUEST */
export function callerKey(ctx: HttpContext): CallerKey | undefined {
  const header = ctx.req.headers['idempotency-key'];
  if (header === undefined) return undefined;
  return {
    key: validate(idempotencyKey(), header, 'Idempotency-Key header'),
    owner: ctx.state.access?.id,
    onReplay() {
      if (!ctx.res.headersSent) ctx.set('Idempotent-Replayed', 'true');
    },
  };
}
