import { sessionKey } from '../../../../../shared/api/sessions.js';
import { validate } from '../../../../../shared/api/validate.js';
import type { SessionService } from '../../../sessions/sessions.js';
import type { HttpContext } from '../../context.js';

/** Returns the key of the session that the path names. @throws INVALID_REQUEST */
export type ReadSessionKey = (ctx: HttpContext) => string;

export function sessionKeyReader(sessions: Pick<SessionService, 'keyOf'>): ReadSessionKey {
  return (ctx) => sessions.keyOf(validate(sessionKey(), ctx.params['key'], 'session key'));
}
