/** Checks headers: a key copied with a line break, or in its masked form, cannot work. */
import { HEADER_NAME } from '../../../shared/config/fields.js';
import { isMaskText } from '../../../shared/config/secrets.js';

/** RFC 9110, section 5.5. White space around a value is not part of it. */
const SENDABLE = /^[\t\u0020-\u007E\u0080-\u00FF]*$/;

/** Returns why a value cannot be used, as a phrase that follows its name; undefined when it can. */
export function headerProblem(value: string): string | undefined {
  if (isMaskText(value)) return 'is the mask of a secret, not the secret; copy it again';
  return SENDABLE.test(value.trim()) ? undefined : 'has a character that cannot be sent, such as a line break; copy it again';
}

/** Returns why the first unusable header cannot be sent, as a phrase; undefined if all can. */
export function headersProblem(headers: Readonly<Record<string, string>>): string | undefined {
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name)) return `header ${JSON.stringify(name)} has an invalid name; use one such as X-Team`;
    const problem = headerProblem(value);
    if (problem !== undefined) return `header ${name} ${problem}`;
  }
  return undefined;
}
