/** What this browser may keep of a text of the configuration file that is not saved. */
import { COMMENT_MASK, maskValues, replaceRanges, secretsInComments } from '../../../../../shared/config/masks/mask-text.js';

/**
 * Returns a text with masks in place of its secrets, as the gateway makes them: saved with them, each keeps the stored secret that it
 * belongs to, or is refused if there is none.
 */
export function withoutSecrets(text: string): string {
  const masked = maskValues(text);
  const typed = secretsInComments(masked).filter(({ value }) => value.replace(COMMENT_MASK, '') !== '');
  return replaceRanges(masked, typed, () => '"[redacted \u2026]"');
}
