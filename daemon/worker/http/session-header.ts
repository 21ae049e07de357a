/** The header that turns a stateless call into a turn of a session. */
import { label } from '../../../shared/api/fields.js';
import { SESSION_HEADER } from '../../../shared/api/openai.js';
import { validate } from '../../../shared/api/validate.js';
import type { NamedSession } from '../models/completion-call.js';
import type { HttpContext } from './context.js';

/** @returns undefined if the caller names no session. @throws INVALID_REQUEST */
export function sessionOf(ctx: HttpContext): NamedSession | undefined {
  const header = ctx.get(SESSION_HEADER);
  return header === '' ? undefined : { name: validate(label(512), header, `${SESSION_HEADER} header`), access: ctx.state.access };
}
