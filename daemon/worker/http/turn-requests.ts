/** The session header of model calls, and the errors of turns. */
import { label } from '../../../shared/api/fields.js';
import { SESSION_HEADER } from '../../../shared/api/openai.js';
import { validate } from '../../../shared/api/validate.js';
import type { ErrorCode } from '../../../shared/errors.js';
import type { NamedSession } from '../models/completion-call.js';
import type { HttpContext } from './context.js';

/** The possible errors of a model's answer, for the OpenAPI document. */
export const TURN_ERRORS: readonly ErrorCode[] = ['SESSION_NOT_FOUND', 'MODEL_NOT_FOUND', 'CONFLICT', 'AGENT_ERROR', 'STOPPING'];

/** Returns the session of the header that turns a stateless call into a turn; undefined if the caller names none. @throws INVALID_REQUEST */
export function sessionOf(ctx: HttpContext): NamedSession | undefined {
  const header = ctx.get(SESSION_HEADER);
  return header === '' ? undefined : { name: validate(label(512), header, `${SESSION_HEADER} header`), access: ctx.state.access };
}
