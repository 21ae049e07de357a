/** The `Idempotency-Key` header, for every request that has effects. */
import { idempotencyKey } from '../../../shared/api/messages.js';
import { validate } from '../../../shared/api/validate.js';
import type { CallerKey } from '../store/idempotency.js';
import type { HttpContext } from './context.js';

/** For the OpenAPI document of a route that accepts the header. */
export const IDEMPOTENCY_HEADER = {
  'Idempotency-Key': 'For 24 hours, the same key with the same body returns the first response; with a different body: 409',
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
