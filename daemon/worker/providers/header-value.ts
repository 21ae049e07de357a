/** Checks header values: a key copied with a line break, or in its masked form, cannot work. */
import { isMaskText } from '../../../shared/config/secrets.js';

/** RFC 9110, section 5.5. White space around a value is not part of it. */
const SENDABLE = /^[\t\u0020-\u007E\u0080-\u00FF]*$/;

/** Returns why a value cannot be used, as a phrase that follows its name; undefined when it can. */
export function headerProblem(value: string): string | undefined {
  if (isMaskText(value)) return 'is the mask of a secret, not the secret; copy it again';
  return SENDABLE.test(value.trim()) ? undefined : 'has a character that cannot be sent, such as a line break; copy it again';
}
